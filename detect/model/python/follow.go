package python

import (
	"context"
	"path"
	"slices"
	"strings"

	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/artifact/format/python"
	"github.com/picketsec/picket/detect"
)

// maxFiles is how many source files are followed from one configuration.
const maxFiles = 64

// maxTried is how many names are looked for: most of what a file imports is no file.
const maxTried = 64 * maxFiles

// Follow inspects source files that a configuration names, by their path beside it, and the files of the same folder that they
// import relatively, each once. Missing are the named files that are not there, or cannot be reached. The error is about the
// run itself and must be passed on.
func Follow(ctx context.Context, in detect.Input, out *detect.Output, files []string) (missing []string, err error) {
	if in.Sibling == nil {
		return nil, nil
	}
	seen, found := map[string]bool{}, 0
	queue := append([]string{}, files...)
	for i := 0; i < len(queue); i++ {
		name := path.Clean(queue[i])
		if seen[name] {
			continue
		}
		if found >= maxFiles || len(seen) >= maxTried {
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
		found++
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
	visit := func(full, item string) {
		module := strings.TrimLeft(full, ".")
		if len(files) > maxFiles*4 {
			return
		}
		folder := path.Dir(name)
		if full == module { // this folder may be on Python's path; most modules are elsewhere
			if _, err := in.Sibling(path.Join(folder, strings.ReplaceAll(module, ".", "/")+".py")); err == nil {
				add(folder, module)
			}
			return
		}
		for range len(full) - len(module) - 1 {
			folder = path.Join(folder, "..")
		}
		add(folder, module)
		if item != "" && item != "*" {
			add(folder, strings.TrimPrefix(module+"."+item, "."))
		}
	}
	_ = python.Parse(python.Decode(content), in.Budget, python.Visitor{
		Import: func(i python.Import) { visit(i.Module, i.Name) },
		Call: func(c python.Call) {
			if slices.Contains(c.Callee.Names, "importlib.import_module") && len(c.Args) > 0 {
				for _, module := range c.Args[0].Value.Texts {
					visit(module, "")
				}
			}
		},
	})
	return files
}
