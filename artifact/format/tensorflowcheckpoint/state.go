package tensorflowcheckpoint

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/internal/limits"
)

// Path is one path that the state of checkpoints names.
type Path struct {
	Text string
	Line int // from 1
}

// maxState is how large the text may be, in bytes; it has a line for each checkpoint that is kept.
const maxState = 8 << 20

// ReadState reads the paths that the text file names. The error wraps format.ErrMalformed for lines that no writer makes.
func ReadState(b *format.Blob, budget *limits.Budget) (paths []Path, err error) {
	if b.Size() < 0 || b.Size() > maxState {
		return nil, format.Malformed(maxState, "a state of checkpoints of more than %d bytes", maxState)
	}
	if err := budget.Ops(1 + b.Size()/16); err != nil {
		return nil, err
	}
	in, err := b.Open()
	if err != nil {
		return nil, fmt.Errorf("open state: %w", err)
	}
	lines := bufio.NewReaderSize(in, 16<<10)
	offset := int64(0)
	for n := 1; err == nil; n++ {
		var line []byte
		line, err = lines.ReadSlice('\n')
		text := strings.TrimSpace(string(line))
		if text == "" || err != nil && !errors.Is(err, io.EOF) {
			offset += int64(len(line))
			continue
		}
		name, value, found := strings.Cut(text, ":")
		if !found || len(paths) >= 1<<16 {
			err = format.Malformed(offset, "line %d is no field, or one of too many", n)
			break
		}
		offset += int64(len(line))
		if !strings.HasSuffix(name, "_path") && !strings.HasSuffix(name, "_paths") {
			continue // times
		}
		path, bad := strconv.Unquote(strings.TrimSpace(value))
		if bad != nil {
			err = format.Malformed(offset, "line %d has no text in quotes", n)
			break
		}
		paths = append(paths, Path{path, n})
	}
	if errors.Is(err, io.EOF) {
		err = nil
	}
	if errors.Is(err, bufio.ErrBufferFull) {
		err = format.Malformed(offset, "a line is longer than 16 KiB")
	}
	return paths, errors.Join(err, in.Close())
}
