package msgpack

import "github.com/picketsec/picket"

// rules lists every rule of the detector itself.
func rules() []picket.Rule {
	return []picket.Rule{ruleObject(), ruleExtension(), ruleArray(), ruleDuplicate(), ruleTrailing()}
}

// remedy is what to do with weights that their writer did not write.
const remedy = "Do not load the file. Write it anew from its source with flax.serialization."

func ruleObject() picket.Rule {
	return picket.Rule{
		ID: "model.msgpack.object-array", Title: "Array of Python objects in MessagePack",
		Severity: picket.High, Class: picket.Execution,
		What:   "An array says that its elements are Python objects; its bytes would be their addresses.",
		Why:    "A reader that takes the bytes for objects follows addresses that the file chose.",
		Remedy: remedy, References: picket.Refs("CWE-843", "CWE-822"),
	}
}

func ruleExtension() picket.Rule {
	return picket.Rule{
		ID: "model.msgpack.extension", Title: "MessagePack extension that Flax does not write",
		Severity: picket.High, Class: picket.Structure,
		What:   "The file holds an extension of a type other than those of arrays, scalars and complex numbers.",
		Why:    "Readers hand extensions to a function of their own: some decode them as pickles or build objects from them.",
		Remedy: remedy, References: picket.Refs("CWE-502"),
	}
}

func ruleArray() picket.Rule {
	return picket.Rule{
		ID: "model.msgpack.array", Title: "Array whose data does not fit its header",
		Severity: picket.High, Class: picket.Resource,
		What:   "An array has more or fewer bytes than its shape and dtype say, or a dtype that numpy does not have.",
		Why:    "A reader that trusts the header reads memory that is not the array's, or the bytes hide something else.",
		Remedy: remedy, References: picket.Refs("CWE-125", "CWE-131"),
	}
}

func ruleDuplicate() picket.Rule {
	return picket.Rule{
		ID: "model.msgpack.duplicate-key", Title: "A key stands twice in a map",
		Severity: picket.High, Class: picket.Structure,
		What:   "A map gives two values to one key. Readers keep one or the other.",
		Why:    "A model can be checked with one value and run with the other.",
		Remedy: remedy, References: picket.Refs("CWE-694"),
	}
}

func ruleTrailing() picket.Rule {
	return picket.Rule{
		ID: "model.msgpack.trailing-data", Title: "Data after the map",
		Severity: picket.High, Class: picket.Structure,
		What:   "Bytes follow the end of the map, where Flax writes none.",
		Why:    "The reader ignores them: they are there for another one.",
		Remedy: remedy, References: picket.Refs("CWE-506"),
	}
}
