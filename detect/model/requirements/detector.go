package requirements

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/detect"
	"github.com/picketsec/picket/detect/model/findings"
)

// Detector inspects requirements files of pip by their name: inference endpoints, spaces and training jobs install them before
// they load the model.
type Detector struct{}

// Info implements detect.Detector.
func (Detector) Info() detect.Info {
	return detect.Info{Name: "requirements", Title: "Lists of packages for pip: other indexes, addresses, paths", Formats: []string{"text"}, Rules: Rules()}
}

// maxSize bounds a list of packages, in bytes; those of the largest projects have a tenth of it.
const maxSize = 4 << 20

// Detect implements detect.Detector.
func (Detector) Detect(_ context.Context, in detect.Input, out *detect.Output) error {
	name := strings.ToLower(in.Name)
	if !strings.HasSuffix(name, ".txt") || !strings.HasPrefix(name, "requirements") {
		return nil
	}
	content, err := read(in.Blob)
	if err == nil {
		err = in.Budget.Ops(int64(len(content)))
	}
	if err != nil {
		return fmt.Errorf("read list of packages: %w", err)
	}
	list := findings.New(out)
	defer list.Close()
	// pip takes UTF-16 too: what is judged in it is ASCII.
	for _, f := range Inspect(strings.ReplaceAll(string(content), "\x00", "")) {
		list.Report(f)
	}
	return nil
}

// read reads a list of packages.
func read(b *format.Blob) ([]byte, error) {
	in, err := b.Open()
	if err != nil {
		return nil, err
	}
	content, err := io.ReadAll(io.LimitReader(in, maxSize+1))
	if err = errors.Join(err, in.Close()); err == nil && len(content) > maxSize {
		err = format.Malformed(maxSize, "a list of packages of more than %d bytes", maxSize)
	}
	return content, err
}
