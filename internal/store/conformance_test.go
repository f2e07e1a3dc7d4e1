package store_test

import (
	"testing"

	"minicompete/internal/store"
	"minicompete/internal/store/storetest"
	"minicompete/internal/testservices"
)

func TestConformance(t *testing.T) {
	t.Parallel()
	for _, kind := range testservices.Databases(t) {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			texts := map[string]bool{} // and whether the writer runs them
			open := func(t *testing.T) *store.Store {
				db := openAt(t, testservices.DatabaseURL(t, kind))
				t.Cleanup(func() {
					for text, writes := range db.Texts() {
						texts[text] = texts[text] || writes
					}
				})
				return db
			}
			storetest.Conformance(t, open)
			t.Run("plans", func(t *testing.T) { checkPlans(t, open(t), texts) })
		})
	}
}
