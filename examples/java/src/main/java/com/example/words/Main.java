package com.example.words;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetSocketAddress;

/** Starts the service. */
public final class Main {
  private Main() {}

  /** Serves until the process is told to stop. */
  public static void main(String[] arguments) throws IOException {
    String host = System.getenv().getOrDefault("HOST", "127.0.0.1");
    int port = Integer.parseInt(System.getenv().getOrDefault("PORT", "8080"));
    HttpServer server = Service.at(new InetSocketAddress(host, port));
    Runtime.getRuntime().addShutdownHook(new Thread(() -> server.stop(1)));
    server.start();
    System.out.println("listening on http://" + host + ":" + port);
  }
}
