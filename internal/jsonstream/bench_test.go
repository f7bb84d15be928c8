package jsonstream_test

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/picketsec/picket/internal/jsonstream"
)

// documents are the shapes of JSON that models have: a vocabulary of short names, numbers of trees, long strings.
func documents() map[string][]byte {
	var vocabulary, numbers, long bytes.Buffer
	vocabulary.WriteString("{")
	numbers.WriteString("[")
	long.WriteString("[")
	for i := range 200000 {
		fmt.Fprintf(&vocabulary, `"Ġtoken%d":%d,`, i, i)
		fmt.Fprintf(&numbers, `%g,`, float64(i)*1.37e-3)
		if i%100 == 0 {
			fmt.Fprintf(&long, `"%s",`, bytes.Repeat([]byte("plain text "), 100))
		}
	}
	vocabulary.WriteString(`"last":0}`)
	numbers.WriteString("0]")
	long.WriteString(`""]`)
	return map[string][]byte{"vocabulary": vocabulary.Bytes(), "numbers": numbers.Bytes(), "long": long.Bytes()}
}

func BenchmarkRead(b *testing.B) {
	for name, content := range documents() {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(content)))
			for b.Loop() {
				r := jsonstream.New(bytes.NewReader(content), jsonstream.Options{Depth: 8, Text: 64})
				for {
					t, err := r.Next()
					if err != nil {
						b.Fatal(err)
					}
					if t.Kind == jsonstream.End {
						break
					}
				}
			}
		})
	}
}
