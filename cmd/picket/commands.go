package main

import "github.com/spf13/cobra"

// commands is the one list of verbs, in the order of a model's way: inspect, identify, sign, claim, decide.
func commands(env Env) []*cobra.Command {
	return []*cobra.Command{
		newScanCmd(env), newExplainCmd(env), newRulesCmd(env), newFormatsCmd(env), newAllowCmd(env),
		newPullCmd(env), newDiffCmd(env), newConvertCmd(env),
		newDigestCmd(env), newBOMCmd(env), newKeygenCmd(env), newInitCmd(env), newSignCmd(env), newVerifyCmd(env),
		newAttestCmd(env), newClaimsCmd(env), newRevokeCmd(env), newBlastCmd(env), newLineageCmd(env),
		newTrustCmd(env), newGateCmd(env), newWhyCmd(env), newPolicyCmd(env), newExportCmd(env),
		newBundleCmd(env), newVersionCmd(env), newDoctorCmd(env), newDocsCmd(env), newOMSCmd(env),
	}
}
