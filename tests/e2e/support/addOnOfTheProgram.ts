import type { Sandbox } from "local-eks";
import { type Properties, ProviderClient } from "local-eks/providerClient";

const TYPE = "aws:eks/addon:Addon";

/** An `aws.eks.Addon` as examples/managed-addon-same-program has it, of an AWS provider with the rights of these IAM policies alone. */
export class AddOnOfTheProgram {
    private constructor(
        private readonly sandbox: Sandbox,
        private readonly roleArn: string,
        private readonly provider: ProviderClient,
    ) {}

    public static async with(sandbox: Sandbox, roleArn: string, policies: string[]): Promise<AddOnOfTheProgram> {
        const { accessKeyId: accessKey, secretAccessKey: secretKey } = await sandbox.createUser("operator", policies);
        const config = { accessKey, secretKey, region: sandbox.region };
        return new AddOnOfTheProgram(sandbox, roleArn, await ProviderClient.start(sandbox.awsEndpoint, config));
    }

    /** Creates the add-on, refreshes it, updates it and deletes it, as the runs of a stack do. Throws the first refusal. */
    public async liveAndDie(): Promise<void> {
        const { provider } = this;
        try {
            const inputs = await this.inputs({});
            const { id, state } = await provider.create(TYPE, inputs);
            const refreshed = await provider.read(TYPE, id, state, inputs);
            const next = await this.inputs({ configurationValues: '{"env":{"WARM_ENI_TARGET":"2"}}' });
            const updated = await provider.update(TYPE, id, refreshed.state, next);
            await provider.delete(TYPE, id, updated);
        } finally {
            await provider.stop();
        }
    }

    private inputs(more: Properties): Promise<Properties> {
        return this.provider.inputs(TYPE, {
            clusterName: this.sandbox.clusterName,
            addonName: "vpc-cni",
            serviceAccountRoleArn: this.roleArn,
            resolveConflictsOnCreate: "OVERWRITE",
            resolveConflictsOnUpdate: "PRESERVE",
            preserve: true,
            ...more,
        });
    }
}
