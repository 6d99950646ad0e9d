/** The tests and the manifest of the EKS Pod Identity agent that the tests of its stand-in restate. */
export const upstreamAgent = {
    repository: "https://github.com/aws/eks-pod-identity-agent",
    commit: "d4dc0f3fedd795b26ac88755238867a2110c7460",
    files: {
        "hack/testdata/expected_eks_pod_identity_agent_default_helm_template.yaml":
            "6b5f41a1078a21a8f87e953fe850e041a640bdb567457dfaf77bb2e65d9c8ef6",
        "internal/credsretriever/refreshing_cache_test.go":
            "b3282c788df041eaff6145b5db992392e13394f8e1a1583f6c549a60c4d93d75",
        "internal/validation/request_test.go": "6ac823b25d73ce23ed8a17d0f43babe0ad651cd6e7211b01f9cafc9435670ae6",
    },
    /** The SHA-256 of the manifest's DaemonSet, as JSON with sorted keys. */
    daemonSet: "b1044f6a6308ce480d8a2c01d031f4013b62165b3522ac90f1746b0b02a54ae5",
};
