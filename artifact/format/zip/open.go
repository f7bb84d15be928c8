package zip

import (
	"errors"
	"fmt"
	"io"

	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/internal/limits"
)

// OpenMember starts to read the first member of a name as most readers do, after decompression: for formats that are archives
// with a member that describes the others. Call done when it was read, also after an error.
func OpenMember(blob *format.Blob, budget *limits.Budget, name string) (r io.Reader, done func(), err error) {
	a, err := Read(blob, budget)
	if a == nil {
		return nil, func() {}, err
	}
	for i := range a.Entries {
		e := &a.Entries[i]
		if e.Name() != name {
			continue
		}
		views := a.Views(e)
		if len(views) == 0 || !Supported(views[0].Method) {
			break
		}
		in, err := a.Content(views[0]).Blob().Open()
		if err != nil {
			return nil, a.Close, fmt.Errorf("open the member: %w", err)
		}
		return in, func() { _ = in.Close(); a.Close() }, nil // what was read counts
	}
	return nil, a.Close, errors.Join(format.Malformed(0, "the archive has no readable member of the name that it needs"), err)
}
