package python

import (
	"context"
	"path"
	"strings"

	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/artifact/format/python"
	"github.com/picketsec/picket/detect"
)

// maxFiles is how many source files are followed from one configuration.
const maxFiles = 64

// Follow inspects source files that a configuration names, by their path beside it, and the files of the same folder that they
// import relatively, each once. Missing are the named files that are not there, or cannot be reached. The error is about the
// run itself and must be passed on.
func Follow(ctx context.Context, in detect.Input, out *detect.Output, files []string) (missing []string, err error) {
	if in.Sibling == nil {
		return nil, nil
	}
	seen := map[string]bool{}
	queue := append([]string{}, files...)
	for i := 0; i < len(queue); i++ {
		name := path.Clean(queue[i])
		if seen[name] {
			continue
		}
		if len(seen) >= maxFiles {
			out.Gap(0, 0, "more source files are named than are followed")
			return missing, nil
		}
		seen[name] = true
		blob, err := in.Sibling(name)
		if err != nil {
			if i < len(files) {
				missing = append(missing, name)
			}
			continue
		}
		if err := out.Inspect(ctx, detect.Part{Name: name, Blob: blob, As: python.FormatName, Sibling: beside(in, name)}); err != nil {
			return missing, err
		}
		queue = append(queue, relatives(in, name, blob)...)
	}
	return missing, nil
}

// beside opens files beside another one.
func beside(in detect.Input, name string) func(string) (*format.Blob, error) {
	return func(other string) (*format.Blob, error) { return in.Sibling(path.Join(path.Dir(name), other)) }
}

// relatives lists the files that a source file may import from its own folder or those above it. What is wrong with the source
// was reported when it was inspected.
func relatives(in detect.Input, name string, blob *format.Blob) (files []string) {
	content, release, err := python.Load(blob, in.Budget)
	if err != nil {
		return nil
	}
	defer release()
	add := func(folder, module string) {
		if module == "" || strings.HasPrefix(folder, "..") {
			return
		}
		target := path.Join(folder, strings.ReplaceAll(module, ".", "/"))
		files = append(files, target+".py", target+"/__init__.py")
	}
	_ = python.Parse(python.Decode(content), in.Budget, python.Visitor{Import: func(i python.Import) {
		module := strings.TrimLeft(i.Module, ".")
		dots := len(i.Module) - len(module)
		if dots == 0 || len(files) > maxFiles*4 {
			return
		}
		folder := path.Dir(name)
		for range dots - 1 {
			folder = path.Join(folder, "..")
		}
		add(folder, module)
		if module == "" {
			add(folder, i.Name)
		}
	}})
	return files
}
