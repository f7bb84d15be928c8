package rdata

import (
	"slices"

	"github.com/picketsec/picket/artifact/format/rdata"
)

// level says what a function can do to the machine.
type level int

const (
	access  level = iota + 1 // reads or writes files, connects, or runs code that it is given
	process                  // starts programs or loads machine code
)

// dangerous lists functions of R's own packages that a model has no reason to call.
func dangerous() map[string]level {
	return map[string]level{
		"system": process, "system2": process, "shell": process, "shell.exec": process, "pipe": process, "dyn.load": process, "mcparallel": process,
		"download.file": access, "url": access, "socketConnection": access, "serverSocket": access, "make.socket": access, "curlGetHeaders": access,
		"source": access, "sys.source": access, "install.packages": access, "unlink": access, "file.remove": access, "file.copy": access,
		"file.rename": access, "Sys.setenv": access, "sys.load.image": access, "setHook": access, "reg.finalizer": access,
		"addTaskCallback": access, "socketSelect": access, "browseURL": access, "file.edit": access, "writeBin": access, "unserialize": access,
		"nsl": access,
	}
}

// indirect lists functions that call what a text names.
func indirect() []string {
	return []string{"do.call", "match.fun", "get", "get0", "mget", "getExportedValue", "getFunction", "getFromNamespace", "getAnywhere", "lapply",
		"sapply", "vapply", "Map", "Reduce", "Filter", "mapply", "apply", "outer", "Recall", "as.name", "as.symbol", "as.call", "call", "asNamespace", ".Internal", ".Primitive", "::", ":::"}
}

// launchers lists packages that are for starting programs.
func launchers() []string { return []string{"processx", "callr", "sys", "ssh"} }

// danger is the worst that code can do by the functions that it names, and the name; 0 for nothing known. Code made from text
// counts as access.
func danger(code *rdata.Expr) (worst level, name string) {
	if code == nil {
		return 0, ""
	}
	known := dangerous()
	calls := code.Symbols[:code.Calls]
	look := func(names []string) {
		for _, n := range names {
			if l := known[n]; l > worst {
				worst, name = l, n
			}
		}
	}
	look(calls)
	if slices.ContainsFunc(calls, func(c string) bool { return slices.Contains(indirect(), c) }) {
		look(code.Strings)
		for _, n := range code.Symbols[code.Calls:] {
			if known[n] == process && n != "shell" { // passed on as a value
				look([]string{n})
			}
		}
	}
	if worst < process && (slices.Contains(calls, "::") || slices.Contains(calls, ":::")) {
		for _, n := range code.Symbols {
			if slices.Contains(launchers(), n) {
				return process, "a function of the package " + n
			}
		}
	}
	if worst == 0 && slices.Contains(calls, "parse") && (slices.Contains(calls, "eval") || slices.Contains(calls, "evalq")) {
		return access, "eval of text"
	}
	return worst, name
}

// hooks lists names of functions that R calls by itself when they are in the workspace.
func hooks() []string {
	return []string{".First", ".Last", ".First.sys", ".Last.sys", ".Last.lib", ".onLoad", ".onAttach", ".onUnload", ".OptRequireMethods"}
}
