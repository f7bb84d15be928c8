package keras

import (
	_ "embed"
	"fmt"
	"strings"

	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/detect/model/pickle"
)

//go:embed names.txt
var namesText string

// names knows what a configuration may name.
type names struct {
	classes   map[string]map[string]bool // by module below "keras"
	functions map[string]map[string]bool
	short     map[string]bool // classes without their module, as the formats of Keras 2 have them
	plain     map[string]bool // functions likewise
	modules   map[string]bool
	standard  map[string]bool // modules of Python
	gadgets   pickle.Gadgets
}

// newNames reads the list; derive.py says how it is written.
func newNames() (*names, error) {
	n := &names{classes: map[string]map[string]bool{}, functions: map[string]map[string]bool{}, short: map[string]bool{},
		plain: map[string]bool{}, modules: map[string]bool{"": true}, standard: map[string]bool{}}
	section := ""
	for line := range strings.Lines(namesText) {
		line = strings.TrimSpace(line)
		switch {
		case line == "" || strings.HasPrefix(line, "#"):
		case strings.HasPrefix(line, "["):
			section = strings.Trim(line, "[]")
		case section == "class":
			n.add(n.classes, n.short, line)
		case section == "function":
			n.add(n.functions, n.plain, line)
		case section == "module":
			n.modules[line] = true
		case section == "standard":
			for _, name := range strings.Fields(line) {
				n.standard[name] = true
			}
		}
	}
	var err error
	if n.gadgets, err = pickle.NewGadgets(); err != nil {
		return nil, err
	}
	if len(n.short) < 100 || len(n.plain) < 100 || len(n.standard) < 100 {
		return nil, fmt.Errorf("read the names of Keras: the list is cut short: %w", format.ErrMalformed)
	}
	return n, nil
}

// add reads one line of a section: a module and its names.
func (n *names) add(table map[string]map[string]bool, all map[string]bool, line string) {
	module, list, _ := strings.Cut(line, ":")
	n.modules[module] = true
	table[module] = map[string]bool{}
	for _, name := range strings.Fields(list) {
		table[module][name], all[name] = true, true
	}
}

// below is the module below "keras" that a module is by any of the names that releases gave it; false for one of others.
func below(module string) (string, bool) {
	parts := strings.Split(module, ".")
	for _, root := range []string{"keras", "tf_keras", "tensorflow.keras", "tensorflow.python.keras", "tensorflow_core.python.keras", "tensorflow._api.v2.v2.keras"} {
		if module == root || strings.HasPrefix(module, root+".") {
			return inner(parts[strings.Count(root, ".")+1:]), true
		}
	}
	return "", false
}

// inner joins the parts of a module, without those that releases added and removed.
func inner(parts []string) string {
	kept := parts[:0:0]
	for _, p := range parts {
		switch p {
		case "src", "api", "_tf_keras", "_v1", "_v2", "keras":
		default:
			kept = append(kept, p)
		}
	}
	return strings.Join(kept, ".")
}

// known reports whether Keras has a module, or had it: releases move the modules inside of its packages.
func (n *names) known(module string) bool {
	if n.modules[module] {
		return true
	}
	for _, old := range []string{"engine", "layers.convolutional", "layers.pooling", "layers.recurrent", "layers.recurrent_v2",
		"layers.embeddings", "layers.merge", "layers.normalization", "layers.preprocessing", "layers.core", "layers.advanced_activations",
		"layers.dense_attention", "layers.wrappers", "layers.local", "layers.noise", "layers.cudnn_recurrent", "optimizer_v1", "optimizers.optimizer_experimental"} {
		if module == old {
			return true
		}
	}
	return strings.HasPrefix(module, "optimizer_v2.") && strings.Count(module, ".") == 1
}

// harmful are functions and classes of Keras that act when a configuration names them, by their last name.
func harmful(name string) (does, technique string, ok bool) {
	switch name {
	case "get_file":
		return "fetches a file from an address and may unpack it", "CVE-2025-8747", true
	case "extract_archive", "_extract_archive", "extract_open_archive":
		return "unpacks an archive over files", "CVE-2025-12060", true
	case "enable_unsafe_deserialization":
		return "turns the safe mode of Keras off", "CVE-2025-9906", true
	case "load_model", "load_model_from_hdf5", "load_weights", "model_from_json", "model_from_config", "model_from_yaml",
		"deserialize_keras_object", "deserialize", "load_from_saved_model", "from_pretrained", "convert_from_saved_model":
		return "loads another model", "CVE-2025-8747", true
	case "func_load", "func_dump":
		return "makes a function of bytecode", "CVE-2025-1550", true
	case "save_model", "save_weights", "save_img", "array_to_img", "plot_model", "model_to_dot", "export_model":
		return "writes a file", "CVE-2025-8747", true
	case "load_img", "image_dataset_from_directory", "text_dataset_from_directory", "audio_dataset_from_directory", "load_data",
		"timeseries_dataset_from_array", "split_dataset":
		return "reads files", "CVE-2025-8747", true
	case "LambdaCallback", "RemoteMonitor", "CSVLogger", "ModelCheckpoint", "BackupAndRestore", "TensorBoard":
		return "is a callback, which acts on files, the network or by a function", "", true
	}
	return "", "", false
}
