package tensorflow

// kind is how the value of a field is written in binary.
type kind int

// The kinds of fields.
const (
	message kind = iota
	bytesOf      // a text or bytes
	numeral      // an integer, a truth value, or the name of an element type
	entries      // a map from texts to messages
	texts        // a map from texts to texts
)

// fieldOf is a field of a message.
type fieldOf struct {
	number int
	kind   kind
	of     string // the message that it is
}

// schema is what is read of every message: fields by their names. Fields that are not listed are skipped.
func schema() map[string]map[string]fieldOf {
	name := fieldOf{1, bytesOf, ""}
	return map[string]map[string]fieldOf{
		"SavedModel": {"saved_model_schema_version": {1, numeral, ""}, "meta_graphs": {2, message, "MetaGraph"}},
		"MetaGraph": {"meta_info_def": {1, message, "MetaInfo"}, "graph_def": {2, message, "Graph"}, "saver_def": {3, message, "Saver"},
			"collection_def": {4, entries, "Collection"}, "signature_def": {5, entries, "Signature"}, "asset_file_def": {6, message, "Asset"},
			"object_graph_def": {7, message, "Objects"}},
		"MetaInfo":   {"stripped_op_list": {2, message, "Operations"}, "tags": {4, bytesOf, ""}, "tensorflow_version": {5, bytesOf, ""}},
		"Operations": {"op": {1, message, "Operation"}},
		"Operation":  {"name": name, "input_arg": {2, message, "Named"}},
		"Named":      {"name": name},
		"Saver":      {"filename_tensor_name": {1, bytesOf, ""}},
		"Collection": {"any_list": {5, message, "AnyList"}},
		"AnyList":    {"value": {1, message, "Any"}},
		"Any":        {"type_url": {1, bytesOf, ""}, "value": {2, bytesOf, ""}, "[type.googleapis.com/tensorflow.AssetFileDef]": {2, message, "Asset"}},
		"Signature":  {"inputs": {1, entries, "Named"}},
		"Asset":      {"tensor_info": {1, message, "Named"}, "filename": {2, bytesOf, ""}},
		"Objects":    {"nodes": {1, message, "Object"}},
		"Object":     {"user_object": {4, message, "UserObject"}},
		"UserObject": {"identifier": {1, bytesOf, ""}, "metadata": {3, bytesOf, ""}},
		"Graph":      {"node": {1, message, "Node"}, "library": {2, message, "Library"}},
		"Library":    {"function": {1, message, "Function"}},
		"Function":   {"signature": {1, message, "Operation"}, "node_def": {3, message, "Node"}, "ret": {4, texts, ""}},
		"Node": {"name": name, "op": {2, bytesOf, ""}, "input": {3, bytesOf, ""}, "device": {4, bytesOf, ""},
			"attr": {5, entries, "Value"}},
		"Value": {"list": {1, message, "List"}, "s": {2, bytesOf, ""}, "i": {3, numeral, ""}, "type": {6, numeral, ""},
			"tensor": {8, message, "Tensor"}, "func": {10, message, "Named"}},
		"List": {"s": {2, bytesOf, ""}, "i": {3, numeral, ""}, "type": {6, numeral, ""}, "func": {9, message, "Named"}},
		"Tensor": {"dtype": {1, numeral, ""}, "tensor_shape": {2, message, "Shape"}, "tensor_content": {4, bytesOf, ""},
			"string_val": {8, bytesOf, ""}},
		"Shape": {"dim": {2, message, "Dim"}, "unknown_rank": {3, numeral, ""}},
		"Dim":   {"size": {1, numeral, ""}},
	}
}

// elementTypes are the names of element types, by their numbers.
func elementTypes() []string {
	return []string{"DT_INVALID", "DT_FLOAT", "DT_DOUBLE", "DT_INT32", "DT_UINT8", "DT_INT16", "DT_INT8", "DT_STRING", "DT_COMPLEX64", "DT_INT64", "DT_BOOL",
		"DT_QINT8", "DT_QUINT8", "DT_QINT32", "DT_BFLOAT16", "DT_QINT16", "DT_QUINT16", "DT_UINT16", "DT_COMPLEX128", "DT_HALF", "DT_RESOURCE", "DT_VARIANT",
		"DT_UINT32", "DT_UINT64"}
}
