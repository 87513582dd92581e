// Somebody signed out: nothing that they were writing stays behind in this browser.
import { leave } from "./kept.js";

leave();
