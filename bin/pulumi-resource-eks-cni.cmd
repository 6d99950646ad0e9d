@echo off
node "%~dp0pulumi-resource-eks-cni" %*
