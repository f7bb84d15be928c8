package onnx

import "strings"

// class is what an operator means for the flow of data from the inputs of a graph to its outputs.
type class uint8

// The classes.
const (
	cheap   class = iota // arithmetic, casts, changes of shape: data goes through
	heavy                // has learned weights, or stands for a layer that has
	compare              // yields the truth of a comparison
	reduce               // sums up or picks out a part of its input
	measure              // yields the shape of its input, not its content
	branch               // a graph inside decides or repeats
	source               // yields data that does not depend on its inputs
	call                 // a function of the model
)

// classes lists the operators that are not cheap and that no prefix tells.
var classes = map[string]class{
	"Conv": heavy, "ConvTranspose": heavy, "ConvInteger": heavy, "DeformConv": heavy, "MatMul": heavy, "MatMulInteger": heavy,
	"MatMulNBits": heavy, "MatMulBnb4": heavy, "MatMulFpQ4": heavy, "MatMulIntegerToFloat": heavy, "TransposeMatMul": heavy,
	"MatMulInteger16": heavy, "Gemm": heavy, "GemmFloat8": heavy, "GemmFastGelu": heavy, "QGemm": heavy, "Einsum": heavy, "LSTM": heavy,
	"GRU": heavy, "RNN": heavy, "AttnLSTM": heavy, "Attention": heavy, "MultiHeadAttention": heavy, "GroupQueryAttention": heavy,
	"QAttention": heavy, "LongformerAttention": heavy, "PagedAttention": heavy, "PackedAttention": heavy, "SparseAttention": heavy,
	"LinearAttention": heavy, "NhwcConv": heavy, "MoE": heavy, "QMoE": heavy, "EmbedLayerNormalization": heavy,
	"QLinearConv": heavy, "QLinearMatMul": heavy, "DynamicQuantizeMatMul": heavy, "DynamicQuantizeLSTM": heavy,
	"TreeEnsemble": heavy, "TreeEnsembleClassifier": heavy, "TreeEnsembleRegressor": heavy, "LinearClassifier": heavy,
	"LinearRegressor": heavy, "SVMClassifier": heavy, "SVMRegressor": heavy, "EPContext": heavy,
	"Equal": compare, "Greater": compare, "Less": compare, "GreaterOrEqual": compare, "LessOrEqual": compare,
	"StringECMARegexMatch": compare, "RegexFullMatch": compare,
	"ArgMax": reduce, "ArgMin": reduce, "GlobalAveragePool": reduce, "GlobalMaxPool": reduce, "GlobalLpPool": reduce, "Slice": reduce,
	"Gather": reduce, "GatherND": reduce, "GatherElements": reduce, "ArrayFeatureExtractor": reduce, "Split": reduce, "TopK": reduce, "NonZero": reduce,
	"Unique": reduce, "MurmurHash3": reduce, "Compress": reduce, "Det": reduce,
	"Shape": measure, "Size": measure,
	"If": branch, "Loop": branch, "Scan": branch, "SequenceMap": branch,
	"Constant": source, "RandomNormal": source, "RandomUniform": source, "RandomNormalLike": source, "RandomUniformLike": source,
}

// classOf is the class of an operator.
func classOf(op string) class {
	if c, ok := classes[op]; ok {
		return c
	}
	switch {
	case strings.HasPrefix(op, "Reduce"):
		return reduce
	case strings.HasPrefix(op, "Fused"):
		return heavy
	}
	return cheap
}
