// Package validate reads what is deployed with the libraries of those who will read it: Compose files with Compose's,
// the Dockerfile with BuildKit's, Kubernetes manifests with the types of Kubernetes. It has tests only.
package validate
