/** The manifest that the sandbox's aws-node claims to be. */
export const upstreamManifest = {
    repository: "https://github.com/aws/amazon-vpc-cni-k8s",
    commit: "b52188387f2e2f10bf289ace929d6a63b176a4fa",
    version: "v1.23.1",
    file: "config/master/aws-k8s-cni.yaml",
    sha256: "d5f38ce2f1e00960a6f5e0dc2f07d8a1c61d88c21778bcdc5a041ced0345ba0c",
    /** The SHA-256 of each object, as JSON with sorted keys. */
    objects: {
        "ServiceAccount aws-node": "da8d7296ed6ab5702eb1aacd9181ac8a4978eaeeab72de22b546aff845e15c6f",
        "ConfigMap amazon-vpc-cni": "11aed63f18c468ab1a20d27f436ce25028225db395746366288f557fb44b614c",
        "ClusterRole aws-node": "af92bb73f60c23aa5ea9090c6b1a6b9e0562df2ac266b5ff5820bd36aa7ccfcb",
        "ClusterRoleBinding aws-node": "1d640cb5790a775d404831804698d3b1c51fcbf4729158cc83d72f609deab1b2",
        "DaemonSet aws-node": "40d68693a2df4132a976f84192e709c23c6b2f1ffa41872d6cb1d5a560f1caa5",
    },
    /** Not created in the sandbox: no test uses custom networking. */
    leftOut: { "CustomResourceDefinition eniconfigs.crd.k8s.amazonaws.com": "b9489b12" },
};
