package store_test

import (
	"testing"

	"minicompete/internal/store"
	"minicompete/internal/store/storetest"
	"minicompete/internal/testservices"
)

func TestConformance(t *testing.T) {
	for _, kind := range testservices.Databases(t) {
		t.Run(kind, func(t *testing.T) {
			storetest.Conformance(t, func(t *testing.T) *store.Store { return openAt(t, testservices.DatabaseURL(t, kind)) })
		})
	}
}
