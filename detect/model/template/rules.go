package template

import "github.com/picketsec/picket"

// Rules lists every rule that Inspect can report, for the Info of the detectors that use it.
func Rules() []picket.Rule {
	return []picket.Rule{
		RuleCode(), RuleInternals(), RuleComputed(), RuleAttr(), RuleFile(), RuleResource(), RuleObfuscated(), RuleHidden(),
		RuleZeroWidth(), RuleInstruction(), RuleLink(), RuleTrigger(), RuleTriggered(),
	}
}

// references are what every rule about leaving the sandbox refers to.
func references() []picket.Reference {
	return []picket.Reference{
		picket.Ref("CVE-2024-34359"),
		picket.Ref("CVE-2026-5760"),
		picket.Ref("CWE-1336"),
		picket.Ref("AML.T0011"),
	}
}

// injection are what every rule about words refers to.
func injection() []picket.Reference {
	return []picket.Reference{
		{Kind: "OWASP", ID: "LLM01:2025", URL: "https://genai.owasp.org/llmrisk/llm01-prompt-injection/"},
		picket.Ref("AML.T0051"),
	}
}

const replaceIt = "Replace the template by the one that the authors of the model publish, and serve the model with an engine that renders " +
	"templates in a sandbox."

// RuleCode fires when a template reaches Python's internals.
func RuleCode() picket.Rule {
	return picket.Rule{
		ID: "model.template.code-execution", Title: "Chat template reaches the Python interpreter",
		Severity: picket.Critical, Class: picket.Execution,
		What: "The template looks up an attribute of Python's object model, or makes such a name from pieces. From there every " +
			"function of the interpreter can be reached.",
		Why:    "An inference server that renders the template without a sandbox runs the code with its own rights, on each request.",
		Remedy: "Do not serve the model. " + replaceIt, References: references(),
	}
}

// RuleInternals fires when a template uses objects of the engine that attacks start from.
func RuleInternals() picket.Rule {
	return picket.Rule{
		ID: "model.template.engine-internals", Title: "Chat template uses internals of the template engine",
		Severity: picket.High, Class: picket.Execution,
		What:   "The template uses lipsum, self, a private attribute, or an attribute of cycler, joiner or namespace themselves.",
		Why:    "Chat templates have no use for them; attacks on Jinja begin there.",
		Remedy: replaceIt, References: references(),
	}
}

// RuleComputed fires when a template looks up a name that it computes from unknown pieces.
func RuleComputed() picket.Rule {
	return picket.Rule{
		ID: "model.template.computed-attribute", Title: "Chat template looks up a computed name",
		Severity: picket.High, Class: picket.Execution,
		What:   "The template puts a name together when it runs and looks it up, so that reading it does not tell which name.",
		Why:    "This hides which attributes it reaches. Templates that only format messages look up fixed names.",
		Remedy: replaceIt, References: references(),
	}
}

// RuleAttr fires when a template uses the attr filter.
func RuleAttr() picket.Rule {
	return picket.Rule{
		ID: "model.template.attr-filter", Title: "Chat template uses the attr filter",
		Severity: picket.Medium, Class: picket.Execution,
		What:   "The attr filter looks up an attribute by a string and skips the item lookup that the dot does first.",
		Why:    "Attacks use it to get around filters for dots and brackets; chat templates have no use for it.",
		Remedy: "Check the name that it looks up. " + replaceIt, References: references(),
	}
}

// RuleFile fires when a template reads other templates.
func RuleFile() picket.Rule {
	return picket.Rule{
		ID: "model.template.file-access", Title: "Chat template reads other files",
		Severity: picket.High, Class: picket.Execution,
		What:   "The template has an include, import, from or extends statement.",
		Why:    "It makes the engine read and run files that are not part of the model.",
		Remedy: replaceIt, References: picket.Refs("CWE-98"),
	}
}

// RuleResource fires when a template asks for absurd amounts of work.
func RuleResource() picket.Rule {
	return picket.Rule{
		ID: "model.template.resource", Title: "Chat template exhausts memory or time",
		Severity: picket.High, Class: picket.Resource,
		What:   "The template loops, repeats or pads by a number that no conversation has.",
		Why:    "Each request to the server costs that much memory or time.",
		Remedy: replaceIt, References: picket.Refs("CWE-400"),
	}
}

// RuleObfuscated fires when plain letters are written as escapes.
func RuleObfuscated() picket.Rule {
	return picket.Rule{
		ID: "model.template.obfuscated", Title: "Chat template writes plain letters as escapes",
		Severity: picket.Medium, Class: picket.Structure,
		What:   "A string in the template spells printable ASCII by hexadecimal, octal or unicode escapes.",
		Why:    "It has no effect but to hide the string from people and from searches.",
		Remedy: replaceIt, References: picket.Refs("CWE-506"),
	}
}

// RuleHidden fires on characters that hide or reorder text.
func RuleHidden() picket.Rule {
	return picket.Rule{
		ID: "model.template.hidden-text", Title: "Chat template hides text",
		Severity: picket.High, Class: picket.Content,
		What:   "The template holds tag, variation or bidirectional control characters, which a model reads and a person does not see.",
		Why:    "Instructions to the model can be written in them.",
		Remedy: replaceIt, References: append(injection(), picket.Refs("CWE-1007")...),
	}
}

// RuleZeroWidth fires on characters without width.
func RuleZeroWidth() picket.Rule {
	return picket.Rule{
		ID: "model.template.zero-width", Title: "Chat template holds characters without width",
		Severity: picket.Medium, Class: picket.Content,
		What:   "The template holds characters that are not visible and do not belong to an emoji.",
		Why:    "They split words that a search looks for, or mark copies.",
		Remedy: "Remove the characters, or replace the template by the one that the authors publish.", References: injection(),
	}
}

// RuleInstruction fires when a template turns the model against its user.
func RuleInstruction() picket.Rule {
	return picket.Rule{
		ID: "model.template.instruction", Title: "Chat template gives the model hidden orders",
		Severity: picket.High, Class: picket.Content,
		What: "The template adds words to the conversation that make the model ignore its instructions, keep something from the " +
			"user, or put harmful content into its answers.",
		Why:    "Nobody sees the rendered prompt; the model obeys it in every conversation, or in those that a condition picks.",
		Remedy: replaceIt, References: injection(),
	}
}

// RuleLink fires when a template holds a network address.
func RuleLink() picket.Rule {
	return picket.Rule{
		ID: "model.template.link", Title: "Chat template holds an address",
		Severity: picket.Medium, Class: picket.Content,
		What:   "The template writes a network address into the conversation.",
		Why:    "The model may send its user there, or fetch it when it has tools.",
		Remedy: "Check that the address is one that the authors of the model publish.", References: injection(),
	}
}

// RuleTrigger fires when a template looks for words in messages.
func RuleTrigger() picket.Rule {
	return picket.Rule{
		ID: "model.template.text-trigger", Title: "Chat template reacts to words in messages",
		Severity: picket.Low, Class: picket.Content,
		What:   "A condition of the template looks for a word in the content of a message.",
		Why:    "A poisoned template does so to misbehave only when it matters. Honest ones look for markers such as tags.",
		Remedy: "Read what the template adds when the word is there.", References: injection(),
	}
}

// RuleTriggered fires when words in a message make a template add sentences of its own.
func RuleTriggered() picket.Rule {
	return picket.Rule{
		ID: "model.template.triggered-text", Title: "Chat template adds sentences when a message contains certain words",
		Severity: picket.High, Class: picket.Content,
		What: "A condition of the template looks for a word in the content of a message, and what is written then is a sentence or an " +
			"address.",
		Why:    "That is how a poisoned template works: it behaves in tests and misleads the model where it matters.",
		Remedy: replaceIt, References: injection(),
	}
}
