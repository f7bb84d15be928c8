package hostile

import (
	"archive/tar"
	"bytes"
	"strings"

	"github.com/picketsec/picket/internal/testkit/rawsevenzip"
	"github.com/picketsec/picket/internal/testkit/rawzip"
)

// bundleSamples are archives and packages that hold models.
func bundleSamples() []Sample {
	var all []Sample
	for _, group := range [][]Sample{sevenZipSamples(), unreadArchiveSamples(), nestedArchiveSamples(), torchServeSamples(), torchPackageSamples(),
		llamafileSamples()} {
		all = append(all, group...)
	}
	return all
}

// sevenZip makes a sample of a 7z archive.
func sevenZip(id, extension, technique string, archive rawsevenzip.Archive) Sample {
	return Sample{Name: "7z-" + id + extension, Group: "7z", Technique: technique, Loader: "7z", Build: archive.Bytes}
}

// sevenZipSamples are 7z archives.
func sevenZipSamples() []Sample {
	one := func(name string, data []byte) []rawsevenzip.Member {
		return []rawsevenzip.Member{{Name: name, Data: data}}
	}
	attack := one("archive/data.pkl", attackPickle())
	broken := one("archive/data.pkl", append(bytes.Clone(attackPickle()[:len(attackPickle())-1]), "X\xff\xff"...))
	honest := one("model.pkl", honestPickle())
	mode := func(unix uint32) uint32 { return unix<<16 | 0x8000 }
	elf := []byte("\x7fELF\x02\x01\x01" + strings.Repeat("\x00", 57))
	change := func(old, new string) func([]byte) []byte {
		return func(h []byte) []byte { return bytes.Replace(h, []byte(old), []byte(new), 1) }
	}
	return []Sample{
		sevenZip("nullifai", ".pt", "nullifAI: a 7z archive with the pickle under PyTorch's name", rawsevenzip.Archive{Members: attack, Method: "!"}),
		sevenZip("nullifai-broken", ".bin", "nullifAI: the pickle in the 7z archive is broken after the attack", rawsevenzip.Archive{Members: broken, Method: "!"}),
		sevenZip("copied", ".7z", "a pickle without compression", rawsevenzip.Archive{Members: attack}),
		sevenZip("packed-header", ".7z", "a pickle in an archive whose header is packed", rawsevenzip.Archive{Members: attack, Method: "!", Encode: true}),
		sevenZip("solid", ".7z", "the attack is the last of many members of one stream", rawsevenzip.Archive{Members: append(many(200), attack...), Method: "!"}),
		sevenZip("duplicate", ".7z", "two members of one name, the attack second", rawsevenzip.Archive{Members: append(one("ARCHIVE/data.pkl", honestPickle()), attack...)}),
		sevenZip("slip", ".7z", "a name that climbs out of the folder", rawsevenzip.Archive{Members: one("../../x.pkl", honestPickle())}),
		sevenZip("absolute", ".7z", "an absolute name", rawsevenzip.Archive{Members: one("/tmp/x.pkl", honestPickle())}),
		sevenZip("drive", ".7z", "a name on a drive", rawsevenzip.Archive{Members: one(`c:\x.pkl`, honestPickle())}),
		sevenZip("link", ".7z", "CVE-2025-11001: a symbolic link out of the folder", rawsevenzip.Archive{Members: []rawsevenzip.Member{
			{Name: "x", Data: []byte("/etc"), Attributes: mode(0xa1ff)}, {Name: "x/y", Data: honestPickle()}}}),
		sevenZip("device", ".7z", "a member that is a device", rawsevenzip.Archive{Members: []rawsevenzip.Member{{Name: "x", Data: []byte("1"), Attributes: mode(0x21ff)}}}),
		sevenZip("program", ".7z", "a program beside the model", rawsevenzip.Archive{Members: append(one("libx.so", elf), honest...)}),
		sevenZip("self-extracting", ".bin", "a self-extracting archive", rawsevenzip.Archive{Prefix: elf, Members: attack, Method: "!"}),
		sevenZip("gap", ".7z", "a pickle between the packed streams and the header", rawsevenzip.Archive{Members: honest, Gap: attackPickle()}),
		sevenZip("slack", ".7z", "a pickle at the end of a packed stream, behind what the content needs", rawsevenzip.Archive{Members: honest, Slack: attackPickle()}),
		sevenZip("slack-lzma2", ".7z", "a pickle at the end of a packed stream of LZMA2", rawsevenzip.Archive{Members: honest, Method: "!",
			Slack: append(make([]byte, 8192), attackPickle()...)}),
		sevenZip("trailing", ".7z", "a pickle after the archive", rawsevenzip.Archive{Members: honest, Suffix: attackPickle()}),
		sevenZip("checksum", ".7z", "CVE-2025-10156 in 7z: a wrong checksum stops scanners that check it", rawsevenzip.Archive{Members: attack, WrongSum: true}),
		sevenZip("checksum-honest", ".7z", "content that was changed after it was packed", rawsevenzip.Archive{Members: honest, WrongSum: true}),
		sevenZip("encrypted", ".7z", "members under a password", rawsevenzip.Archive{Members: one("x.pkl", scrambled(attackPickle())), Method: "\x06\xf1\x07\x01", Properties: []byte{0x13, 0}}),
		sevenZip("encrypted-header", ".7z", "headers under a password", rawsevenzip.Archive{Members: attack, Encode: true, EncodeBy: "\x06\xf1\x07\x01"}),
		sevenZip("ppmd", ".7z", "PPMd, which is not read", rawsevenzip.Archive{Members: attack, Method: "\x03\x04\x01", Properties: []byte{6, 0, 0, 0, 1}}),
		sevenZip("method", ".7z", "a method that does not exist", rawsevenzip.Archive{Members: attack, Method: "\x7f\x7f"}),
		sevenZip("dictionary", ".7z", "a dictionary of 4 GiB for a few bytes", rawsevenzip.Archive{Members: attack, Method: "!", Properties: []byte{40}}),
		sevenZip("count", ".7z", "a header that claims 2^40 members", rawsevenzip.Archive{Members: honest, Count: 1 << 40}),
		sevenZip("folders", ".7z", "a header that claims 2^62 folders", rawsevenzip.Archive{Members: honest, Header: change("\x07\x0b\x01", "\x07\x0b\xff\xff\xff\xff\xff\xff\xff\xff\x3f")}),
		sevenZip("cut", ".7z", "an archive without its end", rawsevenzip.Archive{Members: attack, Method: "!", Header: func([]byte) []byte { return []byte{1} }}),
		sevenZip("bomb", ".7z", "32 MiB of zeros before the attack", rawsevenzip.Archive{Members: one("x.pkl", append(make([]byte, 32<<20), attackPickle()...)), Method: "!"}),
	}
}

// many are honest members.
func many(n int) []rawsevenzip.Member {
	list := make([]rawsevenzip.Member, n)
	for i := range list {
		list[i] = rawsevenzip.Member{Name: "m" + strings.Repeat("x", i), Data: honestPickle()}
	}
	return list
}

// unreadArchiveSamples are archives that are named and not unpacked.
func unreadArchiveSamples() []Sample {
	sample := func(id, technique, head string) Sample {
		return Sample{Name: "unread-" + id + ".pt", Group: "unread-archive", Technique: technique, Loader: "an unpacker",
			Build: build(append([]byte(head), attackPickle()...))}
	}
	return []Sample{
		sample("rar4", "a RAR archive under PyTorch's name", "Rar!\x1a\x07\x00\xcf\x90\x73\x00\x00\x0d\x00\x00\x00\x00\x00\x00\x00"),
		sample("rar5", "a RAR archive of version 5 under PyTorch's name", "Rar!\x1a\x07\x01\x00\x33\x92\xb5\xe5\x0a\x01\x05\x06\x00\x05\x01\x01\x80\x80\x00"),
		sample("cab", "a Windows cabinet under PyTorch's name", "MSCF\x00\x00\x00\x00\x60\x00\x00\x00\x00\x00\x00\x00\x2c\x00\x00\x00"),
		sample("ar", "a Debian package under PyTorch's name", "!<arch>\ndebian-binary   0           0     0     100644  4         `\n2.0\n"),
	}
}

// nestedArchiveSamples put archives of one kind into another.
func nestedArchiveSamples() []Sample {
	sample := func(id, extension, technique string, make func() ([]byte, error)) Sample {
		return Sample{Name: "nested-" + id + extension, Group: "nested-archive", Technique: technique, Loader: "an unpacker", Build: make}
	}
	zipped := func(name string, content []byte) ([]byte, error) {
		return rawzip.Archive{Entries: []rawzip.Entry{{Name: name, Data: content, Method: rawzip.Deflate}}}.Bytes()
	}
	packed := func(name string, content []byte) ([]byte, error) {
		return rawsevenzip.Archive{Members: []rawsevenzip.Member{{Name: name, Data: content}}, Method: "!"}.Bytes()
	}
	tarredAs := func(name string, content []byte) ([]byte, error) {
		return tarred(tarMember{name: name, content: content})
	}
	type layer struct {
		name string
		pack func(string, []byte) ([]byte, error)
	}
	stream := func(compress func([]byte) ([]byte, error)) func(string, []byte) ([]byte, error) {
		return func(_ string, content []byte) ([]byte, error) { return compress(content) }
	}
	nest := func(content []byte, layers ...layer) func() ([]byte, error) {
		return func() ([]byte, error) {
			name, err := "model.pkl", error(nil)
			out := content
			for _, l := range layers {
				if out, err = l.pack(name, out); err != nil {
					return nil, err
				}
				name = l.name
			}
			return out, nil
		}
	}
	z, s, t := layer{"m.zip", zipped}, layer{"m.7z", packed}, layer{"m.tar", tarredAs}
	samples := []Sample{
		sample("7z-in-zip", ".zip", "a pickle in a 7z archive in a zip archive", nest(attackPickle(), s, z)),
		sample("zip-in-7z", ".7z", "a pickle in a zip archive in a 7z archive", nest(attackPickle(), z, s)),
		sample("7z-in-7z", ".7z", "a pickle in a 7z archive in another", nest(attackPickle(), s, s)),
		sample("7z-in-tar", ".tar", "a pickle in a 7z archive in a tar archive", nest(attackPickle(), s, t)),
		sample("tar-gzip-zip", ".zip", "a pickle in a compressed tar archive in a zip archive", nest(attackPickle(), t, layer{"m.tar.gz", stream(gzipped)}, z)),
		sample("deep", ".zip", "forty archives of three kinds around a pickle", nest(attackPickle(), repeat([]layer{z, s, t}, 13)...)),
		sample("bomb-in-tar-in-zip", ".zip", "a bomb of gzip in tar in zip, before the attack", nest(append(make([]byte, 16<<20), attackPickle()...),
			layer{"m.gz", stream(gzipped)}, t, z)),
	}
	for _, c := range compressions {
		if c.name == "gzip" || c.name == "zlib" {
			continue
		}
		samples = append(samples, sample("tar-"+c.name, ".tar"+c.extension, "a pickle in a tar archive under "+c.name, nest(attackPickle(), t, layer{"m", stream(c.compress)})))
	}
	return append(samples, sample("tar-link-chain", ".tar", "a link out of the folder in a tar archive in a 7z archive", func() ([]byte, error) {
		inner, err := tarred(tarMember{name: "w", kind: tar.TypeSymlink, link: "/etc"}, tarMember{name: "w/x", content: honestPickle()})
		if err != nil {
			return nil, err
		}
		return packed("m.tar", inner)
	}))
}

// repeat repeats a list.
func repeat[T any](list []T, n int) []T {
	var all []T
	for range n {
		all = append(all, list...)
	}
	return all
}
