// Package docs holds the documents of the project, and the tests that keep
// what they say true: the layers, the dependencies, and that a module outside
// can be built on a checkout.
package docs
