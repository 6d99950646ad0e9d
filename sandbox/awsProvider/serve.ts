import * as grpc from "@grpc/grpc-js";
import { ResourceProviderService } from "@pulumi/pulumi/proto/provider_grpc_pb";
import { endWithEngine, engineAddress } from "./engineWatch";
import { service } from "./protocol/server";
import type { Provider } from "./provider";
import { SDK_VERSION } from "./version";

/** Makes this process the plugin: the engine starts it and reads the port from its first line of output. */
export function serve(provider: Provider): void {
    const server = new grpc.Server({ "grpc.max_receive_message_length": -1, "grpc.max_send_message_length": -1 });
    server.addService(ResourceProviderService, service(provider, SDK_VERSION));
    server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, port) => {
        if (error !== null) {
            throw error;
        }
        process.stdout.write(`${port}\n`);
    });
    const engine = engineAddress(process.argv.slice(2));
    if (engine !== undefined) {
        endWithEngine(engine, () => process.exit(1));
    }
}
