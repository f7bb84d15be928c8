package pickle

import (
	"errors"
	"testing"
)

func TestCatalogue(t *testing.T) {
	gadgets, err := parseCatalogue(gadgetText)
	if err != nil {
		t.Fatal(err)
	}
	if len(gadgets) < 500 {
		t.Errorf("the catalogue has %d names, which is too few to be complete", len(gadgets))
	}
	for name, g := range gadgets {
		switch g.harm {
		case harmExecute, harmLoad, harmResolve, harmNested, harmWrite, harmRead, harmNetwork, harmDecode, harmIntrospect, harmCrash:
		default:
			t.Errorf("%s has the unknown harm %q", name, g.harm)
		}
		if g.does == "" {
			t.Errorf("%s does not say what it does", name)
		}
	}
	if _, err := parseCatalogue("[execute]\na b\n"); !errors.Is(err, errPack) {
		t.Errorf("a line with one column gives the error %v, want one that wraps errPack", err)
	}
}

func TestFind(t *testing.T) {
	gadgets, err := parseCatalogue(gadgetText)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]harm{
		"os.system": harmExecute, "posix.system": harmExecute, "subprocess.Popen": harmExecute, "__builtin__.eval": harmExecute,
		"commands.getoutput": harmExecute, "os.path.join": harmRead, "os.remove": harmWrite, "urllib.request.urlopen": harmNetwork,
		"idlelib.run.Executive.runcode": harmExecute, "torch.serialization.load": harmNested, "pkgutil.resolve_name": harmResolve,
		"importlib.util.find_spec": harmLoad, "zlib.decompress": harmDecode, "pickle.loads": harmNested, "cPickle.loads": harmNested,
		"collections.OrderedDict": "", "osgeo.gdal": "", "mylib.os.system": "", "": "",
	} {
		if g, _ := gadgets.find(name); g.harm != want {
			t.Errorf("find %q = %q, want %q", name, g.harm, want)
		}
	}
}

func TestHops(t *testing.T) {
	gadgets, err := parseCatalogue(gadgetText)
	if err != nil {
		t.Fatal(err)
	}
	for attributes, want := range map[string]string{
		"os.system": "os.system", "serialization.os.system": "os.system", "_sys.modules": "", "__builtins__": "__builtins__",
		"Tensor.__class__.__base__": "__class__", "os": "", "OrderedDict": "", "Outer.Inner": "", "utils.os": "os",
	} {
		if got, _, _ := gadgets.hops(attributes); got != want {
			t.Errorf("hops %q = %q, want %q", attributes, got, want)
		}
	}
}
