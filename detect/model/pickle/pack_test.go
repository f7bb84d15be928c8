package pickle

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

// header is a valid start of a pack.
const header = "pack: x\nrevision: 1\nversions: 1\nderived: by hand\n\n"

func TestParsePack(t *testing.T) {
	p, err := parsePack(header + "a.b  ref\na.c  call(class) new build items append\na.d  call\na.e  new build(lacks=x,y) ref\n")
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]allowed{
		"a.b": {where: posRef},
		"a.c": {where: posCall | posNew | posBuild | posItems | posAppend, args: argsClass},
		"a.d": {where: posCall, args: argsData},
		"a.e": {where: posNew | posBuild | posRef, lacks: "x,y"},
	} {
		if got := p.rules[name]; got != want {
			t.Errorf("%s = %+v, want %+v", name, got, want)
		}
	}
}

func TestParsePackRefuses(t *testing.T) {
	for name, text := range map[string]string{
		"no header":          "a.b  ref\n",
		"unknown key":        "pack: x\nrevision: 1\nversions: 1\ncolour: red\n\na.b  ref\n",
		"no revision":        "pack: x\nversions: 1\n\na.b  ref\n",
		"wildcard":           header + "a.*  ref\n",
		"module only":        header + "a  ref\n",
		"empty part":         header + "a..b  ref\n",
		"blank in the name":  header + "a. b  ref\n",
		"no position":        header + "a.b\n",
		"unknown position":   header + "a.b  import\n",
		"unknown constraint": header + "a.b  call(anything)\n",
		"constraint on new":  header + "a.b  new(class)\n",
		"lacks nothing":      header + "a.b  build(lacks=)\n",
		"lacks no name":      header + "a.b  build(lacks=x;y)\n",
		"position twice":     header + "a.b  call call(class)\n",
		"name twice":         header + "a.b  ref\na.b  call\n",
		"one blank":          header + "a.b ref\n",
	} {
		if _, err := parsePack(text); !errors.Is(err, errPack) {
			t.Errorf("%s: error %v, want one that wraps errPack", name, err)
		}
	}
}

// TestPacks keeps the embedded packs sorted, free of duplicates and apart from the gadget catalogue.
func TestPacks(t *testing.T) {
	all, err := packs()
	if err != nil {
		t.Fatal(err)
	}
	gadgets, err := parseCatalogue(gadgetText)
	if err != nil {
		t.Fatal(err)
	}
	owner, total := map[string]string{}, 0
	for _, p := range all {
		if !slices.IsSorted(p.names) {
			t.Errorf("pack %s is not sorted by name", p.name)
		}
		for _, name := range p.names {
			if other, ok := owner[name]; ok {
				t.Errorf("%s is in the packs %s and %s", name, other, p.name)
			}
			owner[name] = p.name
			if g, ok := gadgets[modern(name)]; ok {
				t.Errorf("pack %s allows %s, which the catalogue lists: %s", p.name, name, g.does)
			}
		}
		total += len(p.names)
	}
	for _, want := range []string{"torch", "numpy", "scipy", "sklearn", "joblib", "xgboost", "lightgbm", "catboost", "pandas",
		"transformers", "stdlib"} {
		if !slices.ContainsFunc(all, func(p pack) bool { return p.name == want && len(p.names) > 5 }) {
			t.Errorf("there is no pack %s", want)
		}
	}
	if total < 4000 {
		t.Errorf("the packs have %d names, which is too few to be complete", total)
	}
}

// TestPacksNever keeps names out of the packs that turn allowed names into an attack.
func TestPacksNever(t *testing.T) {
	all, err := packs()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range all {
		for _, name := range p.names {
			for _, bad := range []string{"functools.", "operator.", "builtins.getattr", "builtins.map", "builtins.eval", "subprocess.",
				"os.", "importlib.", "scipy.stats._distn", "Unpickler", "pandas.io.", "sklearn.datasets.fetch", "sklearn.datasets.load"} {
				if strings.HasPrefix(name, bad) || (bad == "Unpickler" && strings.HasSuffix(name, bad)) {
					t.Errorf("pack %s allows %s", p.name, name)
				}
			}
		}
	}
}
