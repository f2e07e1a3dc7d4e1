// Package delivery checks everything else in the repository against the built program: the Postman collection, the
// image, the deployment files, the TypeScript client and the commands in the documentation. It only contains tests.
// They run the binary that scripts/build makes, as a separate process.
package delivery
