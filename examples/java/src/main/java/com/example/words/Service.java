package com.example.words;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.Executors;

/** Counts words over HTTP. */
public final class Service {
  private static final int LARGEST = 1_000_000;

  private Service() {}

  /** A server that is bound to an address and waits for {@code start}. */
  public static HttpServer at(InetSocketAddress address) throws IOException {
    HttpServer server = HttpServer.create(address, 0);
    server.createContext("/health", exchange -> answer(exchange, 200, "{\"status\":\"up\"}"));
    server.createContext("/count", Service::count);
    server.setExecutor(Executors.newFixedThreadPool(8));
    return server;
  }

  private static void count(HttpExchange exchange) throws IOException {
    if (!exchange.getRequestMethod().equals("POST")) {
      answer(exchange, 405, "{\"error\":\"send a text\"}");
      return;
    }
    byte[] body = exchange.getRequestBody().readNBytes(LARGEST + 1);
    if (body.length > LARGEST) {
      answer(exchange, 413, "{\"error\":\"at most " + LARGEST + " bytes\"}");
      return;
    }
    answer(exchange, 200, Words.json(Words.count(new String(body, StandardCharsets.UTF_8))));
  }

  private static void answer(HttpExchange exchange, int status, String json) throws IOException {
    byte[] body = json.getBytes(StandardCharsets.UTF_8);
    try (exchange) {
      exchange.getResponseHeaders().set("Content-Type", "application/json");
      exchange.sendResponseHeaders(status, body.length);
      exchange.getResponseBody().write(body);
    }
  }
}
