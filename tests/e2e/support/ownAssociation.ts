import type { Sandbox } from "local-eks";
import { type Properties, ProviderClient } from "local-eks/providerClient";

const TYPE = "aws:eks/podIdentityAssociation:PodIdentityAssociation";

/** The association of a component, of an AWS provider with the rights of these IAM policies alone. */
export class OwnAssociation {
    private constructor(
        private readonly sandbox: Sandbox,
        private readonly provider: ProviderClient,
    ) {}

    public static async with(sandbox: Sandbox, policies: string[]): Promise<OwnAssociation> {
        const { accessKeyId: accessKey, secretAccessKey: secretKey } = await sandbox.createUser("operator", policies);
        const config = { accessKey, secretKey, region: sandbox.region };
        return new OwnAssociation(sandbox, await ProviderClient.start(sandbox.awsEndpoint, config));
    }

    /**
     * Creates the association with the first role, refreshes it, and gives it the second one, as the runs of a stack do. The provider does not delete
     * it: the live checks do. Throws the first refusal.
     */
    public async createAndChange(roleArn: string, another: string): Promise<void> {
        const { provider } = this;
        try {
            const inputs = await this.inputs(roleArn);
            const { id, state } = await provider.create(TYPE, inputs);
            const refreshed = await provider.read(TYPE, id, state, inputs);
            await provider.update(TYPE, id, refreshed.state, await this.inputs(another));
        } finally {
            await provider.stop();
        }
    }

    private inputs(roleArn: string): Promise<Properties> {
        const { clusterName } = this.sandbox;
        return this.provider.inputs(TYPE, {
            clusterName,
            namespace: "kube-system",
            serviceAccount: "aws-node",
            roleArn,
        });
    }
}
