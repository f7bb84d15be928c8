package hostile

import (
	"archive/tar"
	"bytes"
	"encoding/binary"
	"fmt"
	"time"

	asm "github.com/picketsec/picket/internal/testkit/pickleasm"
	"github.com/picketsec/picket/internal/testkit/rawzip"
)

// torchMagic is the number in the first pickle of a legacy file, as LONG1.
const torchMagic = "\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19."

// storageRef is the persistent id of a float storage.
func storageRef(key string, n int64) asm.Value {
	return func(a *asm.Asm) {
		a.Put(asm.Tuple(s("storage"), asm.TextGlobal("torch", "FloatStorage"), s(key), s("cpu"), asm.Num(n))).Raw(asm.BinPersID)
	}
}

// legacyRef is the persistent id of a float storage in a legacy file, which has one field more.
func legacyRef(key string, n int64) asm.Value {
	return func(a *asm.Asm) {
		a.Put(asm.Tuple(s("storage"), asm.TextGlobal("torch", "FloatStorage"), s(key), s("cpu"), asm.Num(n),
			asm.None)).Raw(asm.BinPersID)
	}
}

// tensor is what torch.save writes for a float tensor of one dimension.
func tensor(storage asm.Value, n int64) asm.Value {
	return call(asm.TextGlobal("torch._utils", "_rebuild_tensor_v2"), storage, asm.Num(0), asm.Tuple(asm.Num(n)),
		asm.Tuple(asm.Num(1)),
		asm.Bool(false), call(asm.TextGlobal("collections", "OrderedDict")))
}

// weights is an honest state dictionary of one tensor.
func weights() asm.Value { return asm.Dict(s("weight"), tensor(storageRef("0", 4), 4)) }

// floats are the bytes of its storage.
func floats() []byte { return bytes.Repeat([]byte{0, 0, 128, 63}, 4) }

// torchEntries are the members of a file of torch.save, with any data.pkl.
func torchEntries(pickle []byte, more ...rawzip.Entry) []rawzip.Entry {
	return append([]rawzip.Entry{
		{Name: "archive/data.pkl", Data: pickle, Align: 64},
		{Name: "archive/byteorder", Data: []byte("little"), Align: 64},
		{Name: "archive/data/0", Data: floats(), Align: 64},
		{Name: "archive/version", Data: []byte("3\n"), Align: 64},
	}, more...)
}

// torchSample is a zip file made for torch.load.
func torchSample(group, id, technique string, archive rawzip.Archive) Sample {
	return Sample{Name: group + "-" + id + ".pt", Group: group, Technique: technique, Executes: true, Loader: "torch",
		Needs: "torch", Build: archive.Bytes}
}

// attackPickle is the data.pkl of an attack.
func attackPickle() []byte { return asm.Encode(2, asm.Dict(s("weight"), payload())) }

// honestPickle is the data.pkl of an honest file.
func honestPickle() []byte { return asm.New(2).Put(weights()).Bytes() }

// torchSamples are zip files of torch.save.
func torchSamples() []Sample {
	one := func(id, technique string, pickle []byte, more ...rawzip.Entry) Sample {
		return torchSample("torch-zip", id, technique, rawzip.Archive{Entries: torchEntries(pickle, more...)})
	}
	storage := func(class asm.Value) asm.Value {
		return func(a *asm.Asm) {
			a.Put(asm.Tuple(s("storage"), class, s("0"), s("cpu"), asm.Num(4))).Raw(asm.BinPersID)
		}
	}
	hook := asm.Built(asm.NewObject(g("torch.nn.modules.linear", "Identity")),
		asm.Dict(s("_forward_hooks"), asm.Dict(asm.Num(0), system4())))
	samples := []Sample{
		one("data-pkl", "the plain attack in data.pkl", attackPickle()),
		one("data-pkl-protocol-4", "the attack in data.pkl in protocol 4", asm.Encode(4, payload())),
		one("data-pkl-nested", "CVE-2025-32434: the attack beside honest tensors",
			asm.New(2).Put(asm.Dict(s("weight"), tensor(storageRef("0", 4), 4), s("step"), payload())).Bytes()),
		one("data-pkl-protocol-0", "modelaudit #624: the attack in data.pkl in protocol 0", asm.Encode(0, payload())),
		one("data-pkl-protocol-1", "modelaudit #624: the attack in data.pkl in protocol 1", asm.Encode(1, payload())),
		one("storage-class", "the storage type of a persistent id is the attack's result",
			asm.New(2).Put(asm.Dict(s("w"), storage(payload()))).Bytes()),
		one("backward-hooks", "the hooks argument of _rebuild_tensor_v2 is the attack",
			asm.New(2).Put(call(asm.TextGlobal("torch._utils", "_rebuild_tensor_v2"),
				storageRef("0", 4), asm.Num(0), asm.Tuple(asm.Num(4)), asm.Tuple(asm.Num(1)), asm.Bool(false), payload())).Bytes()),
		one("second-pickle", "the attack in another .pkl member, for whoever loads it", honestPickle(),
			rawzip.Entry{Name: "archive/extra.pkl", Data: attackPickle()}),
		one("constants-pkl", "the attack in constants.pkl", honestPickle(),
			rawzip.Entry{Name: "archive/constants.pkl", Data: attackPickle()}),
		one("pickle-in-storage", "a pickle where the storage of a tensor should be", honestPickle(),
			rawzip.Entry{Name: "archive/data/1", Data: attackPickle()}),
		one("pickle-without-name", "a pickle in a member without an extension", honestPickle(),
			rawzip.Entry{Name: "archive/notes", Data: attackPickle()}),
		one("executable-member", "an ELF executable as a member", honestPickle(),
			rawzip.Entry{Name: "archive/libhook.so", Data: append([]byte("\x7fELF\x02\x01\x01\x00"), make([]byte, 120)...)}),
		one("script-member", "a Python script as a member", honestPickle(),
			rawzip.Entry{Name: "archive/hubconf.py", Data: []byte("import os\nos.system('echo " + Marker + "')\n")}),
		one("setitem-on-class", "CVE-2026-24747: SETITEM on an object that is no dictionary",
			asm.New(2).Put(setItem(g("collections", "Counter"), s("x"), asm.Num(1))).Bytes()),
		one("storage-size-lie", "CVE-2026-24747: a tensor larger than its storage",
			asm.New(2).Put(asm.Dict(s("w"), tensor(storageRef("0", 4), 1<<40))).Bytes()),
		one("negative-stride", "a tensor with a negative offset into its storage",
			asm.New(2).Put(call(asm.TextGlobal("torch._utils", "_rebuild_tensor_v2"), storageRef("0", 4),
				asm.Num(-64), asm.Tuple(asm.Num(4)), asm.Tuple(asm.Num(-1)), asm.Bool(false), call(asm.TextGlobal("collections",
					"OrderedDict")))).Bytes()),
		one("missing-storage", "a tensor whose storage is not in the file",
			asm.New(2).Put(asm.Dict(s("w"), tensor(storageRef("../../secret", 4), 4))).Bytes()),
		one("forward-hook", "a module whose forward hook is a dangerous function", asm.New(2).Put(hook).Bytes()),
	}
	passive(samples[7:]...)
	root := torchSample("torch-zip", "no-folder", "data.pkl at the root of the archive", rawzip.Archive{Entries: []rawzip.Entry{
		{Name: "data.pkl", Data: attackPickle()}, {Name: "version", Data: []byte("3\n")}}})
	root.Executes = false
	deflated := torchSample("torch-zip", "deflated", "data.pkl compressed, which torch.save never does",
		rawzip.Archive{Entries: []rawzip.Entry{
			{Name: "archive/data.pkl", Data: attackPickle(), Method: rawzip.Deflate}, {Name: "archive/version",
				Data: []byte("3\n")}}})
	two := torchSample("torch-zip", "two-roots", "two root folders, the attack in the second",
		rawzip.Archive{Entries: append(torchEntries(honestPickle()),
			rawzip.Entry{Name: "evil/data.pkl", Data: attackPickle()})})
	two.Executes = false
	return append(samples, root, deflated, two)
}

// legacyTorch is a file of torch.save before 1.6: five pickles, then the storages.
func legacyTorch(object asm.Value) []byte {
	out := []byte(torchMagic)
	out = append(out, "\x80\x02M\xe9\x03."...)
	out = append(out, asm.Encode(2, asm.Dict(s("protocol_version"), asm.Num(1001), s("little_endian"), asm.Bool(true),
		s("type_sizes"), asm.Dict(s("short"), asm.Num(2), s("int"), asm.Num(4), s("long"), asm.Num(4))))...)
	out = append(out, asm.Encode(2, object)...)
	return append(out, asm.Encode(2, asm.List())...)
}

// tarSample is a legacy tar file with these members.
func tarSample(id, technique string, members ...tarMember) Sample {
	return Sample{Name: "torch-tar-" + id + ".pt", Group: "torch-tar", Technique: technique, Executes: true, Loader: "torch",
		Needs: "torch",
		Build: func() ([]byte, error) { return tarred(members...) }}
}

// tarMember is one member of a tar file.
type tarMember struct {
	name, link string
	content    []byte
	kind       byte
}

// tarred writes a tar file, the same every time.
func tarred(members ...tarMember) ([]byte, error) {
	var buf bytes.Buffer
	w := tar.NewWriter(&buf)
	for _, m := range members {
		if m.kind == 0 {
			m.kind = tar.TypeReg
		}
		header := &tar.Header{Name: m.name, Linkname: m.link, Typeflag: m.kind, Mode: 0o644, Size: int64(len(m.content)),
			ModTime: time.Unix(946684800, 0)}
		if err := w.WriteHeader(header); err != nil {
			return nil, fmt.Errorf("write tar member %q: %w", m.name, err)
		}
		if _, err := w.Write(m.content); err != nil {
			return nil, fmt.Errorf("write tar member %q: %w", m.name, err)
		}
	}
	if err := w.Close(); err != nil {
		return nil, fmt.Errorf("finish tar: %w", err)
	}
	return buf.Bytes(), nil
}

// torchLegacySamples are files of torch.save before 1.6, and of before 0.1.10.
func torchLegacySamples() []Sample {
	legacy := func(id, technique string, content []byte) Sample {
		return Sample{Name: "torch-legacy-" + id + ".pth", Group: "torch-legacy", Technique: technique, Executes: true,
			Loader: "torch", Needs: "torch", Build: build(content)}
	}
	honest := asm.Dict(s("weight"), tensor(legacyRef("0", 4), 4))
	head := func(first string) []byte { return append([]byte(first), legacyTorch(honest)[len(torchMagic):]...) }
	storages := append(binary.LittleEndian.AppendUint64(nil, 4), floats()...)
	keys := asm.Encode(2, asm.List(s("0")))
	full := append(bytes.Clone(legacyTorch(honest)[:len(legacyTorch(honest))-len(asm.Encode(2, asm.List()))]), keys...)
	attack := attackPickle()
	empty := asm.Encode(2, asm.Num(0))
	samples := []Sample{
		legacy("object", "the attack in the fourth pickle, the object", legacyTorch(payload())),
		legacy("magic-eval", "GHSA-97f8-7cmv-76j2: the magic number is the result of a call", head(string(asm.Encode(2,
			call(g("builtins", "eval"), s(`(print("`+Marker+`"), 0x1950a86a20f9469cfc6c)[1]`)))))),
		legacy("sys-info", "the attack in the third pickle, the facts about the system",
			append([]byte(torchMagic+"\x80\x02M\xe9\x03."), append(attackPickle(), legacyTorch(honest)[40:]...)...)),
		legacy("keys", "the attack in the fifth pickle, the list of storages",
			append(legacyTorch(asm.Dict())[:len(legacyTorch(asm.Dict()))-len(asm.Encode(2, asm.List()))],
				asm.Encode(2, asm.List(payload()))...)),
		legacy("bare-pickle", "a bare pickle that torch.load reads before it finds no magic number", attack),
		legacy("bare-pickle-bin", "CVE-2025-10155: a bare pickle under the name of a PyTorch .bin", attack),
		legacy("trailing-pickle", "a pickle after the storages", append(append(bytes.Clone(full), storages...), attack...)),
		legacy("storage-size-lie", "a storage that claims 2^60 items",
			append(bytes.Clone(full), binary.LittleEndian.AppendUint64(nil, 1<<60)...)),
		legacy("source-patch", "the id of a module with source: torch 1 writes a patch file when its source differs",
			legacyTorch(moduleRef())),
		tarSample("pickle", "CVE-2025-32434: the attack in the pickle of a legacy tar file",
			tarMember{name: "sys_info", content: asm.Encode(2, asm.Dict())},
			tarMember{name: "pickle", content: attack}, tarMember{name: "storages",
				content: empties(empty)}, tarMember{name: "tensors", content: empty}),
		tarSample("storages", "CVE-2025-32434: the attack in the storages of a legacy tar file",
			tarMember{name: "storages", content: asm.Encode(2, payload())},
			tarMember{name: "tensors", content: empty}, tarMember{name: "pickle", content: empty}),
		tarSample("tensors", "the attack in the tensors of a legacy tar file",
			tarMember{name: "storages", content: empties(empty)},
			tarMember{name: "tensors", content: asm.Encode(2, payload())}, tarMember{name: "pickle", content: empty}),
		tarSample("symlink", "a symbolic link as a member of a legacy tar file",
			tarMember{name: "storages", kind: tar.TypeSymlink, link: "../../../etc/passwd"},
			tarMember{name: "pickle", content: attack}),
		tarSample("slip", "a member with a path that leaves the folder", tarMember{name: "../../storages", content: attack}),
		tarSample("device", "a device as a member", tarMember{name: "storages", kind: tar.TypeChar},
			tarMember{name: "pickle", content: attack}),
	}
	samples[5].Name = "torch-legacy-bare-pickle.bin"
	passive(samples[6:9]...)
	passive(samples[12:]...)
	return samples
}

// empties is the content of storages without any: two counts.
func empties(empty []byte) []byte { return append(bytes.Clone(empty), asm.Encode(2, asm.List())...) }

// moduleRef is the persistent id of a module class with its source.
func moduleRef() asm.Value {
	return func(a *asm.Asm) {
		a.Put(asm.Tuple(s("module"), g("torch.nn.modules.linear", "Identity"), s("/nonexistent/linear.py"),
			s("class Identity: pass\n"))).Raw(asm.BinPersID)
	}
}

// scriptSamples are TorchScript files.
func scriptSamples() []Sample {
	module := asm.New(2).Put(asm.Built(asm.NewObject(asm.TextGlobal("__torch__", "Model")),
		asm.Dict(s("training"), asm.Bool(false)))).Bytes()
	script := func(id, technique, code string, more ...rawzip.Entry) Sample {
		source := "class Model(Module):\n  __parameters__ = []\n  __buffers__ = []\n  training : bool\n  def forward(self: __torch__.Model,\n    x: Tensor) -> Tensor:\n" + code
		entries := append([]rawzip.Entry{{Name: "model/data.pkl", Data: module, Align: 64},
			{Name: "model/code/__torch__.py", Data: []byte(source), Align: 64},
			{Name: "model/constants.pkl", Data: asm.New(2).Raw(asm.EmptyTuple).Bytes(), Align: 64}, {Name: "model/version",
				Data: []byte("3\n"), Align: 64}}, more...)
		return Sample{Name: "torchscript-" + id + ".pt", Group: "torchscript", Technique: technique, Loader: "torch.jit",
			Needs: "torch", Build: rawzip.Archive{Entries: entries}.Bytes}
	}
	return []Sample{
		script("save", "torch.save in code that runs at the first forward call writes any file (Snyk, TorchScript 2024)",
			"    torch.save(x, \"/nonexistent/"+Marker+"\")\n    return x\n"),
		script("from-file", "torch.from_file maps any file into a tensor",
			"    return torch.from_file(\"/etc/hostname\", False, 10)\n"),
		script("ops-custom", "an operator of a library that is not PyTorch's",
			"    return ops.evil.run(x, \"echo "+Marker+"\")\n"),
		script("python-op", "an operator that calls back into Python", "    _0 = ^PythonOp(x)\n    return _0\n"),
		script("custom-class", "an object of a class that a native library defines",
			"    _0 = __torch__.torch.classes.evil.Runner.__new__(__torch__.torch.classes.evil.Runner)\n    return x\n"),
		script("debug-pkl", "the attack in a .debug_pkl, which torch.jit reads with its own unpickler", "    return x\n",
			rawzip.Entry{Name: "model/code/__torch__.py.debug_pkl", Data: attackPickle()}),
		script("constants-pkl", "the attack in the constants.pkl of TorchScript", "    return x\n",
			rawzip.Entry{Name: "model/constants.pkl", Data: attackPickle()}),
		script("extra-file", "a pickle among the extra files", "    return x\n",
			rawzip.Entry{Name: "model/extra/preprocess.pkl", Data: attackPickle()}),
	}
}
