package hostile

import (
	"bytes"
	"strings"
)

// h5sample is an HDF5 file.
func h5sample(group, id, technique string, make func(w *h5) []byte) Sample {
	return Sample{Name: "hdf5-" + id + ".h5", Group: group, Technique: technique, Loader: "h5py",
		Build: func() ([]byte, error) { return make(&h5{}), nil }}
}

// h5alone is a file of one message in its root.
func h5alone(w *h5, message []byte) []byte { return w.end(w.group(message)) }

// hdf5Samples are HDF5 files.
func hdf5Samples() []Sample {
	return append(append(h5OtherFiles(), h5Payloads()...), h5Broken()...)
}

// h5OtherFiles lead to other files.
func h5OtherFiles() []Sample {
	return []Sample{
		h5sample("hdf5-other-file", "external-link", "CVE-2026-1669: a weight is a link to a file of the machine", func(w *h5) []byte {
			return w.keras(h5external("1", "/etc/passwd", "/x"))
		}),
		h5sample("hdf5-other-file", "external-link-parent", "CVE-2026-1669: a weight is a link to a file above the model", func(w *h5) []byte {
			return w.keras(h5external("1", "../../other/model.h5", "/secret"))
		}),
		h5sample("hdf5-other-file", "external-link-beside", "CVE-2026-1669: a weight of a model is a link to a file beside it", func(w *h5) []byte {
			return w.keras(h5external("1", "other.h5", "/secret"))
		}),
		h5sample("hdf5-other-file", "external-link-address", "a link to an address", func(w *h5) []byte { return w.keras(h5external("1", "http://127.0.0.1:9/x.h5", "/x")) }),
		h5sample("hdf5-other-file", "external-link-windows", "a link to a share of another machine, which sends credentials there", func(w *h5) []byte {
			return h5alone(w, h5external("data", `\\127.0.0.1\share\x.h5`, "/x"))
		}),
		h5sample("hdf5-other-file", "external-link-soft", "a soft link through a link to another file", func(w *h5) []byte {
			return w.end(w.group(h5soft("weights", "/other/secret"), h5external("other", "/srv/models/private.h5", "/")))
		}),
		h5sample("hdf5-other-file", "external-storage", "CVE-2026-1669: a weight is the first bytes of a file of the machine", func(w *h5) []byte {
			return w.keras(h5hard("1", w.stored("/etc/passwd")))
		}),
		h5sample("hdf5-other-file", "external-storage-beside", "CVE-2026-1669: a weight of a model is stored in a file beside it", func(w *h5) []byte {
			return w.keras(h5hard("1", w.stored("config.json")))
		}),
		h5sample("hdf5-other-file", "external-storage-plain", "a dataset is the first bytes of a file above it", func(w *h5) []byte {
			return h5alone(w, h5hard("data", w.stored("../../.ssh/id_ed25519")))
		}),
		h5sample("hdf5-other-file", "virtual", "CVE-2026-1669: a weight is made of a dataset in another file", func(w *h5) []byte {
			return w.keras(h5hard("1", w.virtual(0, "/srv/models/private.h5", "secret")))
		}),
		h5sample("hdf5-other-file", "virtual-unknown", "a virtual dataset whose mappings cannot be decoded", func(w *h5) []byte {
			return h5alone(w, h5hard("data", w.virtual(9, "/srv/models/private.h5", "secret")))
		}),
		h5sample("hdf5-other-file", "plugin-link", "a link of a class that only a plugin follows", func(w *h5) []byte {
			return h5alone(w, h5link(70, "data", cat(u16(4), []byte("data"))))
		}),
		h5sample("hdf5-other-file", "after-a-cycle", "groups that lead back to each other, and behind them a link to another file", func(w *h5) []byte {
			const later = 0x7069636b65742121 // stands for an address that is not known yet
			first := w.group(h5hard("x", later))
			second := w.group(h5hard("up", first), h5external("y", "/etc/passwd", "/"))
			w.b = bytes.Replace(w.b, u64(later), u64(second), 1)
			return w.end(first)
		}),
		h5sample("hdf5-other-file", "broken-before", "a broken attribute before a link to another file", func(w *h5) []byte {
			return w.end(w.group(h5msg(0x0c, []byte{1, 0, 255, 255, 255, 255, 255, 255}), h5external("y", "/etc/passwd", "/")))
		}),
	}
}

// h5Payloads hold other content.
func h5Payloads() []Sample {
	attack := attackPickle()
	text := []byte("cposix\nsystem\n(S'echo " + Marker + "'\ntR.")
	return []Sample{
		h5sample("hdf5-payload", "dataset", "a pickle in a dataset of bytes", func(w *h5) []byte { return h5alone(w, h5hard("model", w.content(attack))) }),
		h5sample("hdf5-payload", "dataset-gzip", "a pickle in a compressed dataset of bytes", func(w *h5) []byte { return h5alone(w, h5hard("model", w.compressed(attack))) }),
		h5sample("hdf5-payload", "dataset-compact", "a pickle in a dataset in the object header", func(w *h5) []byte {
			return h5alone(w, h5hard("model", w.dataset(h5bytes(), h5space(uint64(len(attack))), h5layout([]byte{3, 0}, u16(len(attack)), attack))))
		}),
		h5sample("hdf5-payload", "attribute-opaque", "a pickle in an attribute", func(w *h5) []byte { return h5alone(w, h5attr("model", h5opaque(len(attack)), h5space(), attack)) }),
		h5sample("hdf5-payload", "attribute-bytes", "a pickle in an attribute that is an array of bytes", func(w *h5) []byte {
			return h5alone(w, h5attr("model", h5bytes(), h5space(uint64(len(attack))), attack))
		}),
		h5sample("hdf5-payload", "attribute-text", "PyTables: a pickle of protocol 0 in an attribute of text", func(w *h5) []byte {
			return h5alone(w, h5string("FILTERS", string(text)))
		}),
		h5sample("hdf5-payload", "attribute-second", "a pickle in the second text of an attribute", func(w *h5) []byte {
			n := len(text)
			return h5alone(w, h5attr("names", h5text(n), h5space(2), cat([]byte("dense"), zero(n-5), text)))
		}),
		h5sample("hdf5-payload", "attribute-variable", "PyTables: a pickle in the global heap", func(w *h5) []byte {
			heap := w.collection(attack)
			return h5alone(w, h5attr("model", h5variable(), h5space(), cat(u32(uint32(len(attack))), u64(heap), u32(1))))
		}),
		h5sample("hdf5-payload", "heap", "a pickle in the global heap that a compressed dataset refers to", func(w *h5) []byte {
			w.collection(attack)
			return h5alone(w, h5hard("w", w.weights()))
		}),
		h5sample("hdf5-payload", "hole", "a pickle between two datasets", func(w *h5) []byte {
			w.put(attack)
			return h5alone(w, h5hard("w", w.weights()))
		}),
		h5sample("hdf5-payload", "trailing", "a pickle after the end", func(w *h5) []byte { return append(w.keras(), attack...) }),
		h5sample("hdf5-payload", "user-block", "a pickle in the user block: the file is both", func(w *h5) []byte {
			return append(append(bytes.Clone(attack), zero(512-len(attack))...), w.keras()...)
		}),
		h5sample("hdf5-payload", "user-block-large", "text in a user block of a mebibyte hides a model with a link to another file", func(w *h5) []byte {
			return append(bytes.Repeat([]byte("plain\ntext\n      "), 1<<20/16)[:1<<20], w.keras(h5external("1", "/etc/passwd", "/x"))...)
		}),
	}
}

// h5Broken exhaust readers, or break the format.
func h5Broken() []Sample {
	attack := attackPickle()
	return []Sample{
		h5sample("hdf5", "shape-bomb", "GHSA-xfhx-r7ww-5995: a weight of 4 TB of which nothing is stored", func(w *h5) []byte {
			return w.keras(h5hard("1", w.dataset(h5floats(), h5space(1<<20, 1<<20), contiguous(h5None, 0))))
		}),
		h5sample("hdf5", "shape-overflow", "GHSA-xfhx-r7ww-5995: a shape whose product overflows", func(w *h5) []byte {
			return w.keras(h5hard("1", w.dataset(h5floats(), h5space(1<<32, 1<<32, 4), contiguous(h5None, 0))))
		}),
		h5sample("hdf5", "chunk-bomb", "a chunk of 64 GB", func(w *h5) []byte {
			return w.keras(h5hard("1", w.dataset(h5floats(), h5space(1<<34), h5layout([]byte{3, 2, 2}, u64(h5None), u32(1<<31), u32(32)))))
		}),
		h5sample("hdf5", "deep", "300 groups in groups", func(w *h5) []byte {
			at := w.group()
			for range 300 {
				at = w.group(h5hard("g", at))
			}
			return w.end(at)
		}),
		h5sample("hdf5", "continues", "an object header that continues in itself", func(w *h5) []byte {
			at := w.header(h5msg(0x10, cat(u64(112), u64(24))))
			return w.end(at)
		}),
		h5sample("hdf5", "header-length", "an object header of 4 GB", func(w *h5) []byte { return w.end(w.put(cat([]byte{1, 0, 1, 0}, u32(1), u32(1<<32-8), zero(64)))) }),
		h5sample("hdf5", "superblock-unknown", "a superblock of an unknown version", func(w *h5) []byte {
			b := w.keras()
			b[8] = 7
			return b
		}),
		h5sample("hdf5", "root-outside", "a root group behind the end", func(w *h5) []byte {
			w.weights()
			return w.end(1 << 40)
		}),
		h5sample("hdf5", "cut", "a file that ends in its root group", func(w *h5) []byte { b := w.keras(); return b[:len(b)-40] }),
		h5sample("hdf5", "link-name-length", "a link with a name of 2^60 bytes", func(w *h5) []byte {
			return h5alone(w, h5msg(0x06, cat([]byte{1, 0x03}, u64(1<<60), []byte(strings.Repeat("x", 16)))))
		}),
		h5sample("hdf5", "shared-index", "fifty datasets with one index of chunks", func(w *h5) []byte {
			content := bytes.Repeat([]byte{0}, 1<<16)
			tree, messages := w.index(content), [][]byte(nil)
			for i := range 50 {
				messages = append(messages, h5hard("w"+strings.Repeat("x", i), w.chunked(content, tree)))
			}
			return w.end(w.group(messages...))
		}),
		h5sample("hdf5", "overlap", "a hundred weights over the same bytes", func(w *h5) []byte {
			at, messages := w.put(attack), [][]byte(nil)
			for i := range 100 {
				messages = append(messages, h5hard("w"+strings.Repeat("x", i), w.dataset(h5bytes(), h5space(uint64(len(attack))), contiguous(at, len(attack)))))
			}
			return w.keras(messages...)
		}),
	}
}
