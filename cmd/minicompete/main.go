// Command minicompete runs Mini Compete.
package main

func main() {}
