import * as grpc from "@grpc/grpc-js";
import { ResourceProviderService } from "@pulumi/pulumi/proto/provider_grpc_pb";
import type { CheckRequest, CheckResult } from "../../../sandbox/awsProvider/bridge/check";
import { UNKNOWN, ValueMap } from "../../../sandbox/awsProvider/bridge/values";
import { endWithEngine, engineAddress } from "../../../sandbox/awsProvider/engineWatch";
import { service } from "../../../sandbox/awsProvider/protocol/server";
import { Provider } from "../../../sandbox/awsProvider/provider";
import { RESOURCE_TYPES } from "../../../sandbox/awsProvider/resources";
import { SDK_VERSION } from "../../../sandbox/awsProvider/version";

const implemented = new Set(RESOURCE_TYPES.map(({ token }) => token));

/**
 * The stand-in of the AWS provider, which in a preview takes types that it does not have for what the program says of them:
 * the rules ask about add-ons, launch templates and more, which no suite here makes. Nothing can be made of those.
 */
class PreviewProvider extends Provider {
    public override check(type: string, request: Omit<CheckRequest, "defaultTags" | "region">): CheckResult {
        return implemented.has(type) ? super.check(type, request) : { inputs: request.news, failures: [] };
    }

    public override previewCreate(type: string, inputs: ValueMap): ValueMap {
        return implemented.has(type) ? super.previewCreate(type, inputs) : { ...inputs, arn: UNKNOWN };
    }
}

function main(): void {
    const server = new grpc.Server();
    server.addService(ResourceProviderService, service(new PreviewProvider(process.env), SDK_VERSION));
    server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, port) => {
        if (error !== null) {
            throw error;
        }
        process.stdout.write(`${String(port)}\n`);
    });
    const engine = engineAddress(process.argv.slice(2));
    if (engine !== undefined) {
        endWithEngine(engine, () => process.exit(1));
    }
}

main();
