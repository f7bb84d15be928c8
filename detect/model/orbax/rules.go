package orbax

import "github.com/picketsec/picket"

// rules lists every rule of the detector itself.
func rules() []picket.Rule {
	return []picket.Rule{rulePickle(), ruleHandler(), ruleCodec(), rulePath()}
}

// remedy is what to do with a checkpoint that names code.
const remedy = "Do not restore the checkpoint. Save it anew with Orbax's own handlers."

func rulePickle() picket.Rule {
	return picket.Rule{
		ID: "model.zarr.pickle-codec", Title: "Zarr array is decoded as pickles",
		Severity: picket.Critical, Class: picket.Execution,
		What:   "The description of the array names the codec pickle, so that its data is unpickled when it is read.",
		Why:    "A pickle runs code that whoever wrote the data chose.",
		Remedy: remedy, References: picket.Refs("CWE-502", "AML.T0010"),
	}
}

func ruleHandler() picket.Rule {
	return picket.Rule{
		ID: "model.orbax.custom-handler", Title: "Checkpoint names a handler that is not Orbax's",
		Severity: picket.High, Class: picket.Execution,
		What:   "The metadata says that a class or function outside of Orbax saved the checkpoint, and should restore it.",
		Why:    "A program that looks the handler up by its name runs code that the checkpoint chose.",
		Remedy: remedy, References: picket.Refs("CWE-470", "AML.T0010"),
	}
}

func ruleCodec() picket.Rule {
	return picket.Rule{
		ID: "model.zarr.unknown-codec", Title: "Zarr array needs a codec that Zarr does not have",
		Severity: picket.High, Class: picket.Execution,
		What:   "The description of the array names a compressor, filter or codec outside of the registries of Zarr and numcodecs.",
		Why:    "Codecs are looked up by name among installed packages: the array chooses code that runs on its data.",
		Remedy: remedy, References: picket.Refs("CWE-829"),
	}
}

func rulePath() picket.Rule {
	return picket.Rule{
		ID: "model.orbax.path-escape", Title: "Checkpoint names a file outside of itself",
		Severity: picket.High, Class: picket.Structure,
		What:   "A name of the tree, or a path in the metadata, leads out of the folder of the checkpoint.",
		Why:    "Arrays are read from, and written to, files of these names.",
		Remedy: remedy, References: picket.Refs("CWE-22"),
	}
}
