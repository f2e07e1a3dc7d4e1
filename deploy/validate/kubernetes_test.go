package validate

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	apps "k8s.io/api/apps/v1"
	autoscaling "k8s.io/api/autoscaling/v2"
	core "k8s.io/api/core/v1"
	networking "k8s.io/api/networking/v1"
	policy "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/yaml"
	strict "sigs.k8s.io/yaml"
)

const kubernetesDir = "deploy/kubernetes"

// stopSeconds is within how many seconds of SIGTERM the program ends by itself (app.StopTimeout).
const stopSeconds = 25

// manifests are the objects of deploy/kubernetes, each decoded into Kubernetes' own type.
type manifests struct {
	deployments map[string]*apps.Deployment
	services    map[string]*core.Service
	scalers     map[string]*autoscaling.HorizontalPodAutoscaler
	budgets     map[string]*policy.PodDisruptionBudget
	settings    map[string]*core.ConfigMap
	accounts    map[string]*core.ServiceAccount
	ingresses   map[string]*networking.Ingress
	policies    map[string]*networking.NetworkPolicy
}

// kustomization is what is used of one; the type of kustomize's own would bring a hundred modules.
type kustomization struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Namespace  string `json:"namespace"`
	Labels     []struct {
		Pairs map[string]string `json:"pairs"`
	} `json:"labels"`
	Resources []string `json:"resources"`
	Images    []struct {
		Name    string `json:"name"`
		NewName string `json:"newName"`
		NewTag  string `json:"newTag"`
	} `json:"images"`
}

func readKubernetes(t *testing.T, name string) []byte {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(root, kubernetesDir, name))
	if err != nil {
		t.Fatal(err)
	}
	return content
}

// decode reads a document into an object of the kind, refusing fields that the kind doesn't have, and keeps it by its
// name.
func decode[T any](t *testing.T, document []byte, into *map[string]*T) {
	t.Helper()
	object := new(T)
	if err := strict.UnmarshalStrict(document, object); err != nil {
		t.Fatalf("%v in\n%s", err, document)
	}
	var meta struct {
		Metadata struct{ Name string }
	}
	if err := strict.Unmarshal(document, &meta); err != nil {
		t.Fatal(err)
	}
	if *into == nil {
		*into = map[string]*T{}
	}
	name := meta.Metadata.Name
	if name == "" || (*into)[name] != nil {
		t.Fatalf("the name %q is empty or taken:\n%s", name, document)
	}
	(*into)[name] = object
}

func (m *manifests) add(t *testing.T, document []byte) {
	t.Helper()
	var kind struct{ APIVersion, Kind string }
	if err := strict.Unmarshal(document, &kind); err != nil {
		t.Fatal(err)
	}
	switch kind.APIVersion + " " + kind.Kind {
	case "apps/v1 Deployment":
		decode(t, document, &m.deployments)
	case "v1 Service":
		decode(t, document, &m.services)
	case "autoscaling/v2 HorizontalPodAutoscaler":
		decode(t, document, &m.scalers)
	case "policy/v1 PodDisruptionBudget":
		decode(t, document, &m.budgets)
	case "v1 ConfigMap":
		decode(t, document, &m.settings)
	case "v1 ServiceAccount":
		decode(t, document, &m.accounts)
	case "networking.k8s.io/v1 Ingress":
		decode(t, document, &m.ingresses)
	case "networking.k8s.io/v1 NetworkPolicy":
		decode(t, document, &m.policies)
	default:
		t.Fatalf("nothing here knows %q", kind)
	}
}

// applied are the objects that `kubectl apply --kustomize` would send.
func applied(t *testing.T) *manifests {
	t.Helper()
	var list kustomization
	if err := strict.UnmarshalStrict(readKubernetes(t, "kustomization.yaml"), &list); err != nil {
		t.Fatal(err)
	}
	m := &manifests{}
	for _, name := range list.Resources {
		documents := yaml.NewYAMLReader(bufio.NewReader(bytes.NewReader(readKubernetes(t, name))))
		for {
			document, err := documents.Read()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			m.add(t, document)
		}
	}
	return m
}

func TestKustomizationNamesEveryManifest(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(root, kubernetesDir, "*.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var list kustomization
	if err := strict.UnmarshalStrict(readKubernetes(t, "kustomization.yaml"), &list); err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if name := filepath.Base(file); name != "kustomization.yaml" && !slices.Contains(list.Resources, name) {
			t.Errorf("%s is not applied", name)
		}
	}
	m := applied(t)
	if len(list.Images) != 1 || list.Images[0].Name != "minicompete" || len(m.deployments) != 3 ||
		len(m.ingresses) != 1 || len(m.policies) != 1 {
		t.Errorf("%+v with %d deployments, %d ingresses and %d policies", list.Images, len(m.deployments),
			len(m.ingresses), len(m.policies))
	}
}

func TestEachRoleIsDeployed(t *testing.T) {
	m := applied(t)
	known := settings(t)
	for _, role := range []string{"web", "api", "worker"} {
		t.Run(role, func(t *testing.T) {
			deployment := m.deployments[role]
			if deployment == nil {
				t.Fatal("there is no deployment")
			}
			m.checkTemplate(t, deployment, known)
			m.checkScale(t, deployment)
		})
	}
	for name := range m.settings["minicompete"].Data {
		if !slices.Contains(known, name) {
			t.Errorf("settings.yaml sets %s, which the program doesn't read", name)
		}
	}
}

func (m *manifests) checkTemplate(t *testing.T, deployment *apps.Deployment, known []string) {
	t.Helper()
	pod := deployment.Spec.Template
	if !labels.SelectorFromSet(deployment.Spec.Selector.MatchLabels).Matches(labels.Set(pod.Labels)) {
		t.Error("the selector doesn't match the pods")
	}
	if m.accounts[pod.Spec.ServiceAccountName] == nil {
		t.Errorf("the service account %q isn't there", pod.Spec.ServiceAccountName)
	}
	container := pod.Spec.Containers[0]
	checkProbe(t, container, "startup", container.StartupProbe, "/livez")
	checkProbe(t, container, "liveness", container.LivenessProbe, "/livez")
	checkProbe(t, container, "readiness", container.ReadinessProbe, "/readyz")
	if wait := container.Lifecycle.PreStop.Sleep.Seconds; *pod.Spec.TerminationGracePeriodSeconds < wait+stopSeconds+5 {
		t.Errorf("it is killed after %d s, with %d s of waiting and %d s of stopping",
			*pod.Spec.TerminationGracePeriodSeconds, wait, stopSeconds)
	}
	if s := container.SecurityContext; !*pod.Spec.SecurityContext.RunAsNonRoot || !*s.ReadOnlyRootFilesystem ||
		*s.AllowPrivilegeEscalation {
		t.Error("it has more rights than it needs")
	}
	if container.Image != "minicompete" || container.Resources.Requests.Cpu().IsZero() {
		t.Errorf("the image is %q, and an autoscaler of CPU needs a request of it", container.Image)
	}
	for _, variable := range container.Env {
		if !slices.Contains(known, variable.Name) || variable.Name == "ROLES" && variable.Value != deployment.Name {
			t.Errorf("%s=%s is not what the program reads, or another role", variable.Name, variable.Value)
		}
	}
	if from := container.EnvFrom; len(from) != 2 || m.settings[from[0].ConfigMapRef.Name] == nil ||
		from[1].SecretRef.Name != "minicompete" {
		t.Errorf("the settings come from %+v", from)
	}
}

func checkProbe(t *testing.T, container core.Container, kind string, probe *core.Probe, path string) {
	t.Helper()
	if probe == nil || probe.HTTPGet == nil || probe.HTTPGet.Path != path ||
		!hasPort(container, probe.HTTPGet.Port.StrVal) {
		t.Errorf("the %s probe doesn't ask %s on one of the container's ports", kind, path)
	}
}

func hasPort(container core.Container, name string) bool {
	return slices.ContainsFunc(container.Ports, func(p core.ContainerPort) bool { return p.Name == name })
}

func (m *manifests) checkScale(t *testing.T, deployment *apps.Deployment) {
	t.Helper()
	scaler, budget := m.scalers[deployment.Name], m.budgets[deployment.Name]
	if scaler == nil || budget == nil {
		t.Fatal("it has no autoscaler or no disruption budget")
	}
	if target := scaler.Spec.ScaleTargetRef; target.Kind != "Deployment" || target.Name != deployment.Name ||
		target.APIVersion != "apps/v1" {
		t.Errorf("the autoscaler is for %+v", target)
	}
	if deployment.Spec.Replicas != nil {
		t.Error("the deployment and the autoscaler both say how many replicas there are")
	}
	if least := int(*scaler.Spec.MinReplicas); least < 2 || budget.Spec.MinAvailable.IntValue() >= least {
		t.Errorf("%d replicas at least, of which %v must stay: no node could be emptied", least,
			budget.Spec.MinAvailable)
	}
	if !labels.SelectorFromSet(budget.Spec.Selector.MatchLabels).Matches(labels.Set(deployment.Spec.Template.Labels)) {
		t.Error("the disruption budget is for other pods")
	}
}

func TestRequestsFindTheirWay(t *testing.T) {
	m := applied(t)
	for name, service := range m.services {
		deployment := m.deployments[name]
		if deployment == nil ||
			!labels.SelectorFromSet(service.Spec.Selector).Matches(labels.Set(deployment.Spec.Template.Labels)) {
			t.Fatalf("the service %s leads nowhere", name)
		}
		for _, port := range service.Spec.Ports {
			if !hasPort(deployment.Spec.Template.Spec.Containers[0], port.TargetPort.StrVal) {
				t.Errorf("the service %s leads to the port %s, which isn't there", name, port.TargetPort.StrVal)
			}
		}
	}
	ingress := m.ingresses["minicompete"].Spec
	host := ingress.Rules[0].Host
	if m.settings["minicompete"].Data["PUBLIC_URL"] != "https://"+host || ingress.TLS[0].Hosts[0] != host {
		t.Errorf("the ingress is for %s, PUBLIC_URL is %s", host, m.settings["minicompete"].Data["PUBLIC_URL"])
	}
	ways := map[string]string{}
	for _, path := range ingress.Rules[0].HTTP.Paths {
		service := m.services[path.Backend.Service.Name]
		if service == nil || service.Spec.Ports[0].Name != path.Backend.Service.Port.Name {
			t.Fatalf("%s leads to %+v, which isn't there", path.Path, path.Backend.Service)
		}
		ways[path.Path] = service.Name
	}
	if len(ways) != 2 || ways["/api"] != "api" || ways["/"] != "web" {
		t.Errorf("requests go %v", ways)
	}
	for _, rule := range m.policies["minicompete"].Spec.Ingress {
		for _, port := range rule.Ports {
			if !hasPort(m.deployments["web"].Spec.Template.Spec.Containers[0], port.Port.StrVal) {
				t.Errorf("the network policy names the port %s, which isn't there", port.Port.StrVal)
			}
		}
	}
	var out []int32
	for _, rule := range m.policies["minicompete"].Spec.Egress {
		for _, port := range rule.Ports {
			out = append(out, port.Port.IntVal)
		}
	}
	if slices.Sort(out); !slices.Equal(out, []int32{25, 53, 53, 465, 587, 4318, 5432, 6379}) {
		t.Errorf("the network policy lets the program reach the ports %v", out)
	}
}

func TestStrictDecodingNoticesASlip(t *testing.T) {
	slip := strings.Replace(string(readKubernetes(t, "ingress.yaml")), "pathType:", "pathtyp:", 1)
	if err := strict.UnmarshalStrict([]byte(slip), &networking.Ingress{}); err == nil ||
		!strings.Contains(err.Error(), "pathtyp") {
		t.Errorf("got %v", err)
	}
}
