// Package delivery holds what the repository delivers beside the program's code to what the built program really does:
// the Postman collection, the image, the deployment files, the TypeScript client and the commands of the documentation.
// It has tests only. They run the binary that scripts/build makes, as a process of its own.
package delivery
