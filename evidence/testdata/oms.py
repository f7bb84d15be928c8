"""Signs or verifies with whatever release of model_signing is installed, by its API: python oms.py JSON.

The argument holds action ("sign", "verify"), model and signature (paths), key, public, certificate (paths), chain (list of
paths), hash, shard (bytes, 0 for whole files), ignore (list of paths), symlinks, git (sign git's own names too), guess
(verify as the bundle says).
"""

import json
import pathlib
import sys
import types
from importlib.metadata import version

job = json.loads(sys.argv[1])
model, signature = pathlib.Path(job["model"]), pathlib.Path(job["signature"])


def release_0_2():
    from model_signing import api, model as tool
    from model_signing.signature import key, pki
    from model_signing.signing import in_toto, in_toto_signature

    hashing = api.HashingConfig()
    symlinks = {"hashing_algorithm": job["hash"], "allow_symlinks": job["symlinks"]}
    payload = in_toto.DigestsIntotoPayload.from_manifest
    if job["shard"]:
        hashing.set_serialize_by_file_shard_to_manifest(shard_size=job["shard"], **symlinks)
        payload = in_toto.ShardDigestsIntotoPayload.from_manifest
    else:
        hashing.set_serialize_by_file_to_manifest(**symlinks)
    ignore = [pathlib.Path(p) for p in job["ignore"]]
    if job["action"] == "verify":
        verifier = in_toto_signature.IntotoVerifier(key.ECKeyVerifier.from_path(job["public"]))
        read = in_toto_signature.IntotoSignature.read(signature)
        tool.verify(read, verifier, model, hashing._serializer, ignore)
        return
    if job["certificate"]:
        signer = pki.PKISigner.from_path(job["key"], job["certificate"], job["chain"])
    else:
        signer = key.ECKeySigner.from_path(job["key"])
    made = tool.sign(model, in_toto_signature.IntotoSigner(signer), payload, hashing._serializer, ignore)
    made.write(signature)


def later():
    from model_signing import hashing, signing, verifying

    if version("model-signing") == "0.3.1":
        # It misspells a field of certificates, and cannot sign by certificate; later releases write what it meant to.
        from model_signing._signing import sign_certificate

        names = dict(vars(sign_certificate.common_pb))
        certificate = names["X509Certificate"]
        names["X509Certificate"] = lambda raw_byutes: certificate(raw_bytes=raw_byutes)
        sign_certificate.common_pb = types.SimpleNamespace(**names)
    # Release 0.3 asks the network for a configuration that is then replaced.
    signing.Config.use_sigstore_signer = lambda self, **_: self
    config = hashing.Config()
    if job["shard"]:
        config.use_shard_serialization(hashing_algorithm=job["hash"], shard_size=job["shard"])
    else:
        config.use_file_serialization(hashing_algorithm=job["hash"])
    if hasattr(config, "set_allow_symlinks"):
        config.set_allow_symlinks(job["symlinks"])
    else:
        config._serializer._allow_symlinks = job["symlinks"]
    config.set_ignored_paths(paths=job["ignore"], ignore_git_paths=not job["git"])
    if job["action"] == "verify":
        verifier = verifying.Config()
        if not job["guess"]:
            verifier.set_hashing_config(config)
        if job["chain"]:
            verifier.use_certificate_verifier(certificate_chain=job["chain"])
        else:
            verifier.use_elliptic_key_verifier(public_key=job["public"])
        verifier.verify(model, signature)
        return
    signer = signing.Config().set_hashing_config(config)
    if job["certificate"]:
        signer.use_certificate_signer(
            private_key=job["key"], signing_certificate=job["certificate"], certificate_chain=job["chain"]
        )
    else:
        signer.use_elliptic_key_signer(private_key=job["key"])
    signer.sign(model, signature)


try:
    import model_signing.signing.in_toto  # noqa: F401  (only release 0.2 has it)
except ImportError:
    later()
else:
    release_0_2()
