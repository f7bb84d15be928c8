package hostile

import (
	"encoding/binary"
	"strings"
)

// ggmlSamples are models of GGML from before GGUF, whose readers trust every number.
func ggmlSamples() []Sample {
	numbers := func(list ...uint32) string {
		var b []byte
		for _, n := range list {
			b = binary.LittleEndian.AppendUint32(b, n)
		}
		return string(b)
	}
	head := func(vocabulary uint32) string { return "fmgg" + numbers(1, vocabulary, 8, 8, 1, 1, 8, 1) }
	token := numbers(1) + "a" + numbers(0)
	tensor := func(name string, kind uint32, dims ...uint32) string {
		return numbers(uint32(len(dims)), uint32(len(name)), kind) + numbers(dims...) + name
	}
	data := strings.Repeat("\x00", 64)
	file := func(id, technique, content string) Sample {
		return Sample{Name: "ggml-" + id + ".bin", Group: "ggml", Technique: technique, Loader: "ggml", Build: build([]byte(content))}
	}
	return []Sample{
		file("vocabulary", "a vocabulary of two billion tokens", head(1<<31-1)+token),
		file("vocabulary-negative", "a vocabulary of a negative number of tokens", head(1<<31)+token),
		file("token", "a token of a gibibyte", head(1)+numbers(1<<30)+"a"),
		file("dimensions", "a tensor of a thousand dimensions", head(1)+token+tensor("w", 0, make([]uint32, 1000)...)+data),
		file("shape-overflow", "a shape whose product overflows", head(1)+token+tensor("w", 0, 1<<30, 1<<30, 1<<30)+data),
		file("past-end", "a tensor that is larger than the file", head(1)+token+tensor("w", 0, 1<<20)+data),
		file("type", "a tensor of a type that does not exist", head(1)+token+tensor("w", 99, 16)+data),
		file("name", "a name of a gibibyte", head(1)+token+numbers(1, 1<<30, 0, 16)+"w"+data),
		file("terminal", "the name of a tensor controls the terminal", head(1)+token+tensor("\x1b[2J", 0, 16)+data),
		file("trailing", "a pickle behind the tensors", head(1)+token+tensor("w", 0, 16)+data+string(attackPickle())),
		file("adapter", "an adapter, which is not read", "algg"+numbers(1, 8, 16, 2, 1, 0)+data),
	}
}
