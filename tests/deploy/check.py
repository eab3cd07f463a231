"""Checks the YAML of deploy/: syntax, the schemas of Kubernetes, and what the documents must say to each other."""

import sys
from pathlib import Path

import kubernetes_validate
import yaml

KUBERNETES = "1.31"
deploy = Path(sys.argv[1])
faults = []


class Strict(yaml.SafeLoader):
    """Refuses a key that is there twice, which other loaders take for the last one."""

    def construct_mapping(self, node, deep=False):
        keys = [key.value for key, _ in node.value if key.tag != "tag:yaml.org,2002:merge"]
        for key in {key for key in keys if keys.count(key) > 1}:
            raise yaml.YAMLError(f"{node.start_mark}: {key} is there twice")
        return super().construct_mapping(node, deep)


def expect(holds, file, words):
    if not holds:
        faults.append(f"{file.name}: {words}")


documents = {
    file: [document for document in yaml.load_all(file.read_text(), Strict) if document]
    for file in sorted(deploy.rglob("*.yaml"))
}

manifests = {}
for file in (file for file in documents if file.parent.name == "kubernetes"):
    for document in documents[file]:
        manifests[document["kind"]] = (file, document)
        if document["kind"] == "Kustomization":
            continue
        try:
            kubernetes_validate.validate(document, KUBERNETES, strict=True)
        except kubernetes_validate.ValidationError as error:
            faults.append(f"{file.name}: {'.'.join(map(str, error.path))}: {error.message}")

# The parts refer to each other.
file, deployment = manifests["Deployment"]
spec = deployment["spec"]
labels = spec["template"]["metadata"]["labels"]
pod = spec["template"]["spec"]
[container] = pod["containers"]
for kind in ["Service", "PodDisruptionBudget"]:
    other, document = manifests[kind]
    selector = document["spec"]["selector"]
    expect(selector.get("matchLabels", selector) == labels, other, "selects other pods")
expect(spec["selector"]["matchLabels"] == labels, file, "selects other pods")
expect(spec["strategy"]["rollingUpdate"]["maxUnavailable"] == 0, file, "an upgrade takes replicas away")
budget = manifests["PodDisruptionBudget"][1]["spec"]["minAvailable"]
expect(budget < spec["replicas"], file, "no machine can be drained")
mounts = {mount["name"] for mount in container["volumeMounts"]}
expect(mounts == {volume["name"] for volume in pod["volumes"]}, file, "volumes and their mounts differ")
paths = {probe: container[probe]["httpGet"]["path"] for probe in ["startupProbe", "livenessProbe", "readinessProbe"]}
expect(paths == {"startupProbe": "/healthz", "livenessProbe": "/healthz", "readinessProbe": "/readyz"}, file, f"{paths}")
secret = manifests["Secret"][1]
[secrets] = [mount["mountPath"] for mount in container["volumeMounts"] if mount["name"] == "secrets"]
config = manifests["ConfigMap"][1]["data"]
for name, value in config.items():
    if name.endswith("_FILE"):
        key = value.removeprefix(f"{secrets}/")
        expect(key in secret["stringData"], manifests["ConfigMap"][0], f"{name} names no key of the secret")
wait = int(container["lifecycle"]["preStop"]["exec"]["command"][-1])
# limits.drain_ms_max and limits.job_drain_s_max, which run at the same time.
expect(pod["terminationGracePeriodSeconds"] > wait + 25, file, "pods are killed before they have ended")
for document in (document for _, document in manifests.values() if document["kind"] not in ["Namespace", "Kustomization"]):
    expect(document["metadata"]["namespace"] == "gramhost", file, f"{document['kind']} is elsewhere")
listed = set(manifests["Kustomization"][1]["resources"])
there = {file.name for file in documents if file.parent.name == "kubernetes"}
expect(there - listed == {"kustomization.yaml", "secret.example.yaml"}, file, "kustomization.yaml leaves something out")
expect(listed <= there, file, "kustomization.yaml names what is not there")

for file in deploy.glob("compose*.yaml"):
    [compose] = documents[file]
    for name, service in compose["services"].items():
        volumes = [volume.split(":")[0] for volume in service.get("volumes", [])]
        for volume in volumes:
            known = (deploy / volume).is_file() if volume.startswith(".") else volume in compose["volumes"]
            expect(known, file, f"{name}: volume {volume} is not there")
        for one in service.get("secrets", []):
            one = one if isinstance(one, str) else one["source"]
            expect(one in compose["secrets"], file, f"{name}: secret {one} is not there")
        for other in service.get("depends_on", []):
            expect(other in compose["services"], file, f"{name} depends on {other}, which is not there")
        if "build" in service:
            dockerfile = deploy / service["build"]["context"] / service["build"]["dockerfile"]
            expect(dockerfile.is_file(), file, f"{name}: no {dockerfile}")
[fleet] = documents[deploy / "compose.fleet.yaml"]
replicas = [name for name in fleet["services"] if name.startswith("replica-")]
nginx = (deploy / "nginx.fleet.conf").read_text()
for name in replicas:
    expect(f"server {name}:5000 " in nginx, deploy / "nginx.fleet.conf", f"does not name {name}")
balancer = fleet["services"]["balancer"]["networks"]["fleet"]["ipv4_address"]
trusted = fleet["x-replica"]["environment"]["GRAMHOST_TRUSTED_PROXIES"]
expect(trusted == f"{balancer}/32", deploy / "compose.fleet.yaml", "the balancer is not trusted")
expect(len(replicas) == 3, deploy / "compose.fleet.yaml", "has not three replicas")

print("\n".join(faults) or f"{sum(map(len, documents.values()))} documents of {len(documents)} files")
sys.exit(bool(faults))
