/** The short names of the repositories that comments and READMEs cite. The full name, owner/name, is accepted too. */
const shortNames: Readonly<Record<string, string>> = {
    "amazon-eks-ami": "awslabs/amazon-eks-ami",
    "amazon-eks-pod-identity-webhook": "aws/amazon-eks-pod-identity-webhook",
    "amazon-vpc-cni-k8s": "aws/amazon-vpc-cni-k8s",
    "aws-cdk": "aws/aws-cdk",
    "aws-sdk-go-v2": "aws/aws-sdk-go-v2",
    awspolicyequivalence: "hashicorp/awspolicyequivalence",
    botocore: "boto/botocore",
    containerd: "containerd/containerd",
    envoy: "envoyproxy/envoy",
    "eks-pod-identity-agent": "aws/eks-pod-identity-agent",
    "golang/go": "golang/go",
    "k8s.io/client-go": "kubernetes/client-go",
    "k8s.io/kubernetes": "kubernetes/kubernetes",
    kwok: "kubernetes-sigs/kwok",
    moto: "getmoto/moto",
    pulumi: "pulumi/pulumi",
    "pulumi-aws": "pulumi/pulumi-aws",
    "pulumi-kubernetes": "pulumi/pulumi-kubernetes",
    "pulumi-terraform-bridge": "pulumi/pulumi-terraform-bridge",
    rain: "aws-cloudformation/rain",
    "smithy-go": "aws/smithy-go",
    stackd: "radkawar/stackd",
    "terraform-plugin-sdk": "hashicorp/terraform-plugin-sdk",
    "terraform-provider-aws": "hashicorp/terraform-provider-aws",
};

const byName = new Map([
    ...Object.entries(shortNames),
    ...Object.values(shortNames).map((name) => [name, name] as const),
]);

/** Every name of a repository, the longest first: "pulumi-aws" must not be read as "pulumi". */
export const repositoryNames: readonly string[] = [...byName.keys()].sort((a, b) => b.length - a.length);

/** The repository of a short or a full name. */
export function repositoryOf(name: string): string | undefined {
    return byName.get(name);
}

/** A folder that stands in for one program: its comments need not repeat the name of that program's repository. */
const defaults: Readonly<Record<string, string>> = {
    awsProvider: "hashicorp/terraform-provider-aws",
    "cluster/podIdentity": "aws/eks-pod-identity-agent",
    identityWebhook: "aws/amazon-eks-pod-identity-webhook",
};

/** The repository that a file of the sandbox means where it names none, by the file's path below sandbox/. */
export function defaultRepository(file: string): string | undefined {
    return Object.entries(defaults).find(([folder]) => file.startsWith(`${folder}/`))?.[1];
}
