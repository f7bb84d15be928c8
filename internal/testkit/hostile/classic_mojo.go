package hostile

import (
	"strings"

	"github.com/picketsec/picket/internal/testkit/rawzip"
)

// mojo is the description of a model of H2O with one tree over three columns.
const mojo = "[info]\nh2o_version = 3.46.0.7\nmojo_version = 1.40\nlicense = Apache License Version 2.0\nalgo = gbm\nalgorithm = Gradient Boosting Machine\n" +
	"endianness = LITTLE_ENDIAN\ncategory = Binomial\nsupervised = true\nn_features = 2\nn_classes = 2\nn_columns = 3\nn_domains = 1\nn_trees = 1\n" +
	"n_trees_per_class = 1\n_genmodel_encoding = AUTO\n\n[columns]\nage\nincome\nrisk\n\n[domains]\n2: 2 d000.txt\n"

// mojoSamples are MOJO archives of H2O.
func mojoSamples() []Sample {
	tree := []byte{0x70, 0, 0, 4, 0, 0, 0, 0x3f, 0, 0, 0x80, 0x3f, 0, 0, 0, 0x40}
	archive := func(id, technique, description string, tree []byte, more ...rawzip.Entry) Sample {
		entries := append([]rawzip.Entry{{Name: "model.ini", Data: []byte(description)}, {Name: "domains/d000.txt", Data: []byte("bad\ngood\n")},
			{Name: "trees/t00_000.bin", Data: tree}}, more...)
		return Sample{Name: "mojo-" + id + ".zip", Group: "mojo", Technique: technique, Loader: "h2o", Build: rawzip.Archive{Entries: entries}.Bytes}
	}
	described := func(id, technique string, edit ...string) Sample {
		return archive(id, technique, strings.NewReplacer(edit...).Replace(mojo), tree)
	}
	with := func(id, technique, name string, content []byte) Sample {
		return archive(id, technique, mojo, tree, rawzip.Entry{Name: name, Data: content})
	}
	class := append([]byte("\xca\xfe\xba\xbe\x00\x00\x00\x34"), make([]byte, 64)...)
	return []Sample{
		with("class", "a Java class beside the model, for servers that put the archive on their class path", "hex/genmodel/Evil.class", class),
		with("pojo", "the Java source of a model, which importers compile and run", "gbm.java", []byte("public class gbm { static { System.out.println(\""+Marker+"\"); } }\n")),
		with("jar", "an archive of Java classes inside of the model", "lib/h2o-genmodel.jar", class),
		with("serialized", "serialized Java objects inside of the model", "experimental/state.ser", []byte("\xac\xed\x00\x05sr\x00\x04Evil")),
		with("pickle", "a pickle inside of the model", "experimental/model.pkl", attackPickle()),
		with("tree-pickle", "a pickle in the place of a tree", "trees/t00_001.bin", attackPickle()),
		with("slip", "a member that leaves the folder that the model is unpacked to", "../../../../tmp/"+Marker, []byte("x")),
		described("domain-path", "categories that are read from a system file", "d000.txt", "../../../../etc/passwd"),
		described("domain-absolute", "categories that are read from an absolute path", "d000.txt", "/etc/passwd"),
		described("domain-column", "categories for column 2,000,000 of 3", "2: 2", "2000000: 2"),
		described("domains-claimed", "a model that claims categories for 2^31 columns", "n_domains = 1", "n_domains = 2147483647"),
		described("columns-claimed", "a model that claims 2^31 columns", "n_columns = 3", "n_columns = 2147483647"),
		described("trees-claimed", "a model that claims 2^31 trees: readers allocate for each", "n_trees = 1", "n_trees = 2147483647"),
		described("setting-twice", "two algorithms for one model", "algo = gbm", "algo = gbm\nalgo = glm"),
		described("column-escape", "terminal escapes in the name of a column", "age", "\x1b[2Jage"),
		described("column-markup", "a script in the name of a column", "age", "<script>alert('"+Marker+"')</script>"),
		described("setting-code", "a lookup that vulnerable loggers follow, in a setting", "Gradient Boosting Machine", "${jndi:ldap://127.0.0.1:9/x}"),
		described("algorithm-code", "an algorithm whose name is a call", "algo = gbm", "algo = Runtime.getRuntime().exec"),
		archive("tree-side", "a tree whose left side is longer than the tree", mojo, []byte{0x40, 0, 0, 1, 200, 0, 0xff, 0xff}),
		archive("tree-side-claimed", "a tree whose left side has 2^31 bytes", mojo, []byte{0x43, 0, 0, 1, 0xff, 0xff, 0xff, 0x7f, 0}),
		archive("tree-column", "a tree that splits on column 9,000 of 3", mojo, append([]byte{0x70, 0x28, 0x23}, tree[3:]...)),
		archive("tree-set", "a node with a set of 2^32 categories", mojo, []byte{0x7c, 0, 0, 4, 0, 0, 0xff, 0xff, 0xff, 0xff, 1}),
		archive("cut", "a description that ends before it names the algorithm", mojo[:60], tree),
	}
}
