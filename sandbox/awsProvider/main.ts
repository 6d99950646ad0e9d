import * as grpc from "@grpc/grpc-js";
import { ResourceProviderService } from "@pulumi/pulumi/proto/provider_grpc_pb";
import { endWithEngine, engineAddress } from "./engineWatch";
import { service } from "./protocol/server";
import { Provider } from "./provider";
import { SDK_VERSION } from "./version";

/** The engine starts the plugin and reads the port from the first line that it prints. */
function main(): void {
    const server = new grpc.Server({ "grpc.max_receive_message_length": -1, "grpc.max_send_message_length": -1 });
    server.addService(ResourceProviderService, service(new Provider(process.env), SDK_VERSION));
    server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, port) => {
        if (error !== null) {
            throw error;
        }
        console.log(port);
    });
    const engine = engineAddress(process.argv.slice(2));
    if (engine !== undefined) {
        endWithEngine(engine, () => process.exit(1));
    }
}

main();
