import { Provider } from "./provider";
import { serve } from "./serve";

serve(new Provider(process.env));
