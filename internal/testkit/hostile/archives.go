package hostile

import (
	"archive/tar"
	"bytes"
	"slices"

	asm "github.com/picketsec/picket/internal/testkit/pickleasm"
	"github.com/picketsec/picket/internal/testkit/rawzip"
)

// archiveSamples nest archives and bombs.
func archiveSamples() []Sample {
	attack := attackPickle()
	nest := func(levels int) func() ([]byte, error) {
		return func() ([]byte, error) {
			content, name := attack, "model.pkl"
			for range levels {
				packed, err := rawzip.Archive{Entries: []rawzip.Entry{{Name: name, Data: content}}}.Bytes()
				if err != nil {
					return nil, err
				}
				content, name = packed, "model.zip"
			}
			return content, nil
		}
	}
	bomb := func(size int, method uint16) func() ([]byte, error) {
		return rawzip.Archive{Entries: []rawzip.Entry{{Name: "archive/data.pkl", Data: append(make([]byte, size), attack...),
			Method: method}}}.Bytes
	}
	samples := []Sample{
		archive("zip-pickle", ".zip", "a pickle in a plain zip file", nest(1)),
		archive("zip-in-zip", ".zip", "a pickle three zip files deep", nest(3)),
		archive("zip-too-deep", ".zip", "a pickle forty zip files deep", nest(40)),
		archive("zip-bomb", ".pt", "64 MiB of zeros before the attack, in 64 KiB", bomb(64<<20, rawzip.Deflate)),
		archive("seven-zip", ".pt", "nullifAI: a 7z file under PyTorch's name", func() ([]byte, error) {
			return append([]byte("7z\xbc\xaf\x27\x1c\x00\x04"), attack...), nil
		}),
		archive("encrypted-zip", ".zip", "picklescan: a member under a password", rawzip.Archive{Entries: []rawzip.Entry{
			{Name: "model.pkl", Data: attack, Stored: scrambled(attack), Flags: 1}}}.Bytes),
	}
	samples = slices.Concat(samples, tarSamples(attack), gzipSamples(attack))
	for _, c := range compressions {
		samples = append(samples, archive("pickle-"+c.name, ".pkl"+c.extension, "a pickle under "+c.name,
			then(attack, c.compress)))
	}
	return readByPandas(samples)
}

// archive is a sample of this file.
func archive(id, extension, technique string, build func() ([]byte, error)) Sample {
	return Sample{Name: "archive-" + id + extension, Group: "archive", Technique: technique, Loader: "an unpacker", Build: build}
}

// tarSamples hide an attack in tar archives.
func tarSamples(attack []byte) []Sample {
	return []Sample{
		archive("tar-pickle", ".tar", "a pickle in a tar file",
			func() ([]byte, error) { return tarred(tarMember{name: "model.pkl", content: attack}) }),
		archive("tar-gz", ".tar.gz", "a pickle in a compressed tar file", func() ([]byte, error) {
			content, err := tarred(tarMember{name: "model.pkl", content: attack})
			if err != nil {
				return nil, err
			}
			return gzipped(content)
		}),
		archive("tar-absolute", ".tar", "modelaudit #659: a tar member with an absolute path", func() ([]byte, error) {
			return tarred(tarMember{name: "/tmp/x.pkl", content: attack})
		}),
		archive("tar-slip", ".tar", "a tar member with a path that leaves the folder", func() ([]byte, error) {
			return tarred(tarMember{name: "../../x.pkl", content: attack})
		}),
		archive("tar-hardlink", ".tar", "a hard link out of the folder, then a member of the same name",
			func() ([]byte, error) {
				return tarred(tarMember{name: "w", kind: tar.TypeLink, link: "/etc/passwd"},
					tarMember{name: "w", content: attack})
			}),
	}
}

// gzipSamples hide an attack in gzip streams.
func gzipSamples(attack []byte) []Sample {
	return []Sample{
		archive("gzip-in-gzip", ".pkl.gz", "a pickle under gzip twice", func() ([]byte, error) {
			content, err := gzipped(attack)
			if err != nil {
				return nil, err
			}
			return gzipped(content)
		}),
		archive("gzip-members", ".pkl.gz", "two gzip members in one file, the attack in the second", func() ([]byte, error) {
			first, err := gzipped(asm.Encode(2, asm.Num(1)))
			if err != nil {
				return nil, err
			}
			second, err := gzipped(attack)
			return append(first, second...), err
		}),
		archive("gzip-trailing", ".pkl.gz", "a pickle after the end of a gzip stream", func() ([]byte, error) {
			content, err := gzipped(asm.Encode(2, asm.Num(1)))
			return append(content, attack...), err
		}),
		archive("gzip-bomb", ".pkl.gz", "32 MiB of zeros after the attack, in 32 KiB",
			func() ([]byte, error) { return gzipped(append(bytes.Clone(attack), make([]byte, 32<<20)...)) }),
		archive("gzip-cut", ".pkl.gz", "a gzip stream that is cut short after the attack", func() ([]byte, error) {
			content, err := gzipped(append(bytes.Clone(attack), bytes.Repeat([]byte("padding"), 2000)...))
			return content[:max(0, len(content)-12)], err
		}),
	}
}

// readByPandas marks the samples that pandas.read_pickle unpacks and unpickles by their extension.
func readByPandas(samples []Sample) []Sample {
	for i := range samples {
		switch samples[i].Name {
		case "archive-pickle-gzip.pkl.gz", "archive-pickle-bz2.pkl.bz2", "archive-pickle-xz.pkl.xz", "archive-pickle-zstd.pkl.zst",
			"archive-zip-pickle.zip", "archive-tar-pickle.tar", "archive-tar-gz.tar.gz", "archive-tar-slip.tar", "archive-tar-absolute.tar",
			"archive-gzip-bomb.pkl.gz", "archive-gzip-cut.pkl.gz":
			samples[i].Loader, samples[i].Needs, samples[i].Executes = "pandas", "pandas", true
		}
	}
	return samples
}

// scrambled stands for encrypted bytes: twelve of header, and content that no one can read.
func scrambled(content []byte) []byte {
	out := make([]byte, 12+len(content))
	for i := range out {
		out[i] = byte(i*167 + 13)
	}
	return out
}
