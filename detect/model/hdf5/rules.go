package hdf5

import "github.com/picketsec/picket"

// rules lists every rule of the detector.
func rules() []picket.Rule {
	return []picket.Rule{ruleExternal(), ruleStorage(), ruleVirtual(), ruleBeside(), rulePlugin(), ruleShape(), ruleSoft(), ruleFilter(),
		ruleOverlap(), ruleTrailing()}
}

// references are the specification and weaknesses or vulnerabilities.
func references(ids ...string) []picket.Reference {
	return append([]picket.Reference{{Kind: "URL", ID: "HDF5 file format", URL: "https://docs.hdfgroup.org/documentation/hdf5/latest/_f_m_t3.html"}}, picket.Refs(ids...)...)
}

const copyData = "Copy the data itself into the file (h5repack, or h5py's copy with expand_external), and save the model again."

func ruleExternal() picket.Rule {
	return picket.Rule{
		ID: "model.hdf5.external-link", Title: "HDF5 link leads to another file",
		Severity: picket.High, Class: picket.Execution,
		What:   "A link of the file stands for an object in another file: in a model, or by a path that leaves the folder.",
		Why:    "Whoever opens the model reads that file with their own rights, and it becomes part of the model and of what is sent on.",
		Remedy: copyData, References: references("CVE-2026-1669", "CWE-73", "CWE-61"),
	}
}

func ruleStorage() picket.Rule {
	return picket.Rule{
		ID: "model.hdf5.external-storage", Title: "HDF5 dataset stored in another file",
		Severity: picket.High, Class: picket.Execution,
		What:   "The elements of a dataset are a range of bytes of another file: in a model, or by a path that leaves the folder.",
		Why:    "Any file of the machine can be read this way, whatever its format: its bytes become weights.",
		Remedy: copyData, References: references("CVE-2026-1669", "CWE-73"),
	}
}

func ruleVirtual() picket.Rule {
	return picket.Rule{
		ID: "model.hdf5.virtual-dataset", Title: "HDF5 dataset made of datasets in other files",
		Severity: picket.High, Class: picket.Execution,
		What:   "A virtual dataset takes its elements from other files: in a model, or by a path that leaves the folder; or it cannot be decoded.",
		Why:    "Whoever opens the model reads those files with their own rights.",
		Remedy: copyData, References: references("CVE-2026-1669", "CWE-73"),
	}
}

func ruleBeside() picket.Rule {
	return picket.Rule{
		ID: "model.hdf5.file-beside", Title: "HDF5 data in a file beside it",
		Severity: picket.Medium, Class: picket.Structure,
		What:   "Data files of science are often split: this one links to, or is stored in, another file of the same folder.",
		Why:    "What is loaded depends on a file that is not part of this one, and of its digest.",
		Remedy: copyData, References: references("CWE-73"),
	}
}

func rulePlugin() picket.Rule {
	return picket.Rule{
		ID: "model.hdf5.plugin-link", Title: "HDF5 link that a plugin follows",
		Severity: picket.High, Class: picket.Execution,
		What:   "A link is of a class that only a plugin of the library understands.",
		Why:    "Following it runs that plugin, and where it leads cannot be known from the file.",
		Remedy: copyData, References: references("CWE-829"),
	}
}

func ruleShape() picket.Rule {
	return picket.Rule{
		ID: "model.hdf5.shape-bomb", Title: "HDF5 dataset of a size that is not there",
		Severity: picket.High, Class: picket.Resource,
		What:   "The shape of a dataset or of its chunks overflows, or takes more than a gibibyte of which almost nothing is stored.",
		Why:    "Loading the weights exhausts memory.",
		Remedy: "Do not load the file.", References: references("GHSA-xfhx-r7ww-5995", "CWE-789"),
	}
}

func ruleSoft() picket.Rule {
	return picket.Rule{
		ID: "model.hdf5.soft-link", Title: "Soft link in the weights of a model",
		Severity: picket.Medium, Class: picket.Structure,
		What:   "The weights of a Keras model hold a soft link, which Keras never writes.",
		Why:    "Two tensors are one, or a tensor is taken from a place that an external link gives.",
		Remedy: copyData, References: references("CWE-61"),
	}
}

func ruleFilter() picket.Rule {
	return picket.Rule{
		ID: "model.hdf5.filter-plugin", Title: "HDF5 dataset that needs a plugin",
		Severity: picket.Low, Class: picket.Execution,
		What:   "The chunks of a dataset are compressed by a filter that the library loads as a plugin.",
		Why:    "Plugins are native code from a folder of the machine, and the content was not decompressed here.",
		Remedy: "Store the dataset with gzip.", References: references("CWE-829"),
	}
}

func ruleOverlap() picket.Rule {
	return picket.Rule{
		ID: "model.hdf5.overlap", Title: "HDF5 datasets share the same bytes",
		Severity: picket.Medium, Class: picket.Structure,
		What:   "Two datasets have the same bytes for their own. No writer makes such a file.",
		Why:    "A small file can stand for more data than any machine has memory for.",
		Remedy: "Do not load the file.", References: references("CWE-409"),
	}
}

func ruleTrailing() picket.Rule {
	return picket.Rule{
		ID: "model.hdf5.trailing-data", Title: "Data after the end of an HDF5 file",
		Severity: picket.Medium, Class: picket.Structure,
		What:   "The file goes on after the end that its superblock states. Picket inspects what follows.",
		Why:    "Readers ignore it, so that it is a place to carry a payload or a second format.",
		Remedy: "Write the file anew (h5repack).", References: references("CWE-506", "CWE-436"),
	}
}
