package cover

import (
	"hash/fnv"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
)

// Art is a drawn cover. The same title and tags always give the same one. It contains no text, so no user input gets
// into the picture, and its name reveals nothing about a draft.
type Art struct {
	motif int // index into motifs
	seed  uint32
}

// motif is a kind of picture, with the words in tags and title that select it.
type motif struct {
	name  string
	words string
	draw  func(*scene, palette, *rand.Rand)
}

// motifs are in the order in which their words are looked for. Their names are part of URLs that are cached for a year:
// a motif whose look changes needs a new name.
var motifs = []motif{
	{"track", "running run marathon race 5k 10k sprint athletics cycling triathlon relay track", drawTrack},
	{"board", "chess board boardgame checkers go shogi blitz bridge cards esports", drawBoard},
	{"code", "hackathon hack programming coding code software web data ai app developer " +
		"golang python rust security ctf", drawCode},
	{"cubes", "cube cubing puzzle robotics robot robots lego engineering maker hardware 3d", drawCubes},
	{"orbits", "physics astronomy science space quiz olympiad chemistry debate", drawOrbits},
	{"peaks", "climbing hiking trail outdoor orienteering ski mountain bouldering nature", drawPeaks},
	{"waves", "math mathematics maths music swimming sailing rowing statistics algebra singing", drawWaves},
	{"tiles", "design art photo photography game games jam film writing theatre", drawTiles},
}

// anyOccasion is how many of the last motifs suit a competition whose words select none.
const anyOccasion = 4

// Of returns the cover of a competition without an uploaded one.
func Of(title string, tags []string) Art {
	h := fnv.New64a()
	for _, part := range append([]string{title}, tags...) {
		_, _ = h.Write([]byte(part + "\x00")) // a hash never fails
	}
	sum := h.Sum64()
	//nolint:gosec // the lower half is meant
	a := Art{motif: len(motifs) - 1 - int(sum>>32%anyOccasion), seed: uint32(sum)}
	words := strings.FieldsSeq(strings.ToLower(strings.Join(tags, " ") + " " + title))
	for word := range words {
		if i, ok := motifOf[strings.Trim(word, ".,:;!?()")]; ok {
			a.motif = i
			return a
		}
	}
	return a
}

// motifOf has the first motif of each word.
var motifOf = func() map[string]int {
	of := map[string]int{}
	for i := range slices.Backward(motifs) {
		for word := range strings.FieldsSeq(motifs[i].words) {
			of[word] = i
		}
	}
	return of
}()

// Name returns a short name that identifies the picture in a URL.
func (a Art) Name() string {
	return motifs[a.motif].name + "-" + strconv.FormatUint(uint64(a.seed), 36)
}

// Named returns the Art with a name; false if there is none.
func Named(name string) (Art, bool) {
	kind, number, _ := strings.Cut(name, "-")
	seed, err := strconv.ParseUint(number, 36, 32)
	for i := range motifs {
		a := Art{motif: i, seed: uint32(seed)}
		if err == nil && motifs[i].name == kind && a.Name() == name {
			return a, true
		}
	}
	return Art{}, false
}

// scene returns the picture's shapes.
func (a Art) scene() *scene {
	r := rand.New(rand.NewPCG(uint64(a.seed), uint64(a.motif))) //nolint:gosec // a picture is no secret
	p := palettes[r.IntN(len(palettes))]
	s := &scene{top: p.top, bottom: p.bottom}
	motifs[a.motif].draw(s, p, r)
	return s
}

// SVG draws the picture. It has no scripts, no styles and no text.
func (a Art) SVG() []byte { return a.scene().svg() }
