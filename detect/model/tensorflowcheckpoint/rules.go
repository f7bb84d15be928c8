package tensorflowcheckpoint

import "github.com/picketsec/picket"

// references are the code of the reader, and weaknesses.
func references(ids ...string) []picket.Reference {
	return append([]picket.Reference{{Kind: "URL", ID: "TensorFlow tensor bundle",
		URL: "https://github.com/tensorflow/tensorflow/blob/master/tensorflow/core/util/tensor_bundle/tensor_bundle.h"}}, picket.Refs(ids...)...)
}

const again = "Save the checkpoint again from the model with a current TensorFlow."

func ruleLayout() picket.Rule {
	return picket.Rule{
		ID: "model.tensorflow-checkpoint.layout", Title: "Tensors of a checkpoint overlap, leave holes, or are out of order",
		Severity: picket.High, Class: picket.Structure,
		What:   "Two tensors share bytes of a shard, more than 4 KiB of a shard belong to no tensor, or the names in the index are not in order.",
		Why:    "Readers that search find other tensors than readers that list; holes carry hidden content.",
		Remedy: again, References: references("CWE-436"),
	}
}

func ruleBounds() picket.Rule {
	return picket.Rule{
		ID: "model.tensorflow-checkpoint.bounds", Title: "Index of a checkpoint does not fit its shards",
		Severity: picket.High, Class: picket.Structure,
		What:   "The size of a tensor differs from its shape, a tensor lies outside of its shard, or the shard does not exist.",
		Why:    "Readers that trust the index allocate too little, or read beyond what they have.",
		Remedy: again, References: references("CWE-125", "CWE-190"),
	}
}

func ruleTrailing() picket.Rule {
	return picket.Rule{
		ID: "model.tensorflow-checkpoint.hidden-data", Title: "Bytes of a checkpoint's index that belong to nothing",
		Severity: picket.Medium, Class: picket.Structure,
		What:   "The index has bytes outside of its blocks.",
		Why:    "Readers ignore them, so that they are a place to carry a payload.",
		Remedy: again, References: references("CWE-436"),
	}
}

func rulePath() picket.Rule {
	return picket.Rule{
		ID: "model.tensorflow-checkpoint.path", Title: "State of checkpoints names a path outside of its folder",
		Severity: picket.High, Class: picket.Structure,
		What:   "The file that says which checkpoint is the latest names one by a path that climbs out of the folder.",
		Why:    "Whoever restores the latest checkpoint of the folder restores a file from elsewhere.",
		Remedy: "Write the names of the checkpoints relative to the folder.", References: references("CWE-22"),
	}
}

func ruleMissing() picket.Rule {
	return picket.Rule{
		ID: "model.tensorflow-checkpoint.shard-missing", Title: "Shard of a checkpoint is missing",
		Severity: picket.Low, Class: picket.Structure,
		What:   "A shard that the index names is not beside it.",
		Why:    "The checkpoint cannot be restored, and what the shard holds was not looked at.",
		Remedy: "Put all files of the checkpoint in one folder.", References: references("CWE-1284"),
	}
}
