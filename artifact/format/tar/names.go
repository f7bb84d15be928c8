package tar

import (
	"errors"
	"iter"

	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/internal/limits"
)

// maxNames is how many members Names looks at. Writers of models put what makes an archive theirs among the first.
const maxNames = 64

// errEnough ends a walk.
var errEnough = errors.New("seen enough")

// Names goes through the names of the first members of an archive, for formats that are tar archives with members of certain
// names. There are none when the content is no tar archive. Of a forward-only archive only the members in the head are seen.
func Names(p format.Probe) iter.Seq[string] {
	return func(yield func(string) bool) {
		if !(Format{}).Match(p) {
			return
		}
		blob := p.Blob
		if blob == nil || blob.At() == nil {
			blob = format.BytesBlob(p.Head)
		}
		count := 0
		// An error only means that no more members can be seen here.
		_, _ = Walk(blob, limits.NewBudget(limits.Default()), func(m *Member) error {
			if count++; !yield(m.Name) || count == maxNames {
				return errEnough
			}
			return nil
		})
	}
}
