// A policy endpoint that says yes to everything at once: what is measured beside it is not its own time. HTTP/1.1 with or
// without TLS, a thread for each connection, connections that stay.
//
//   endpoint ADDRESS PORT [CERTIFICATE KEY]
//
// "GET /count" answers with how many connections and questions there were; it counts as neither.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static SSL_CTX *tls;
static atomic_long connections, questions, nanoseconds;

struct peer {
  int socket;
  SSL *ssl;
};

static int peer_read(struct peer *peer, char *bytes, int room) {
  return peer->ssl != NULL ? SSL_read(peer->ssl, bytes, room) : (int)read(peer->socket, bytes, (size_t)room);
}

static int peer_write(struct peer *peer, const char *bytes, int count) {
  return (peer->ssl != NULL ? SSL_write(peer->ssl, bytes, count) : (int)write(peer->socket, bytes, (size_t)count)) == count;
}

static long now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1000000000L + time.tv_nsec;
}

static const char *header(const char *head, const char *name, char *value, size_t room) {
  const char *found = strcasestr(head, name);
  if (found == NULL) return NULL;
  found += strlen(name);
  while (*found == ' ') found++;
  size_t length = strcspn(found, "\r\n");
  snprintf(value, room, "%.*s", (int)length, found);
  return value;
}

static const char grant[] = "{\"decision\":true,\"context\":{\"host_grant\":{\"groups\":[\"dbops\"],\"max_session_seconds\":3600}}}";

static int answer(struct peer *peer, const char *head) {
  char body[256], id[256] = "", text[1024];
  if (strncmp(head, "GET /count", 10) == 0) {
    snprintf(body, sizeof body, "{\"connections\":%ld,\"questions\":%ld,\"nanoseconds\":%ld}", connections - 1, (long)questions, (long)nanoseconds);
  } else {
    questions++;
    snprintf(body, sizeof body, "%s", grant);
  }
  header(head, "\nx-request-id:", id, sizeof id);
  int length = snprintf(text, sizeof text, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nX-Request-ID: %s\r\nContent-Length: %zu\r\n\r\n%s", id, strlen(body), body);
  return peer_write(peer, text, length);
}

static void *serve(void *context) {
  struct peer *peer = context;
  char text[65536];
  int used = 0;
  while (used < (int)sizeof text - 1) {
    int got = peer_read(peer, text + used, (int)sizeof text - 1 - used);
    if (got <= 0) break;
    long begun = now();
    used += got;
    text[used] = '\0';
    char *end = strstr(text, "\r\n\r\n"), value[32];
    if (end == NULL) continue;
    int whole = (int)(end - text) + 4 + (header(text, "\ncontent-length:", value, sizeof value) != NULL ? atoi(value) : 0);
    if (used < whole) continue;
    *end = '\0';
    int counted = strncmp(text, "GET", 3) != 0;
    if (!answer(peer, text)) break;
    if (counted) nanoseconds += now() - begun;
    else connections--;
    memmove(text, text + whole, (size_t)(used - whole));
    used -= whole;
    if (!counted) break;
  }
  if (peer->ssl != NULL) {
    SSL_shutdown(peer->ssl);
    SSL_free(peer->ssl);
  }
  close(peer->socket);
  free(peer);
  return NULL;
}

static void *greet(void *context) {
  struct peer *peer = context;
  if (tls != NULL) {
    peer->ssl = SSL_new(tls);
    SSL_set_fd(peer->ssl, peer->socket);
    if (SSL_accept(peer->ssl) != 1) {
      SSL_free(peer->ssl);
      close(peer->socket);
      free(peer);
      return NULL;
    }
  }
  return serve(peer);
}

int main(int argc, char **argv) {
  if (argc != 3 && argc != 5) return 64;
  signal(SIGPIPE, SIG_IGN);
  if (argc == 5) {
    tls = SSL_CTX_new(TLS_server_method());
    if (tls == NULL || SSL_CTX_use_certificate_chain_file(tls, argv[3]) != 1 || SSL_CTX_use_PrivateKey_file(tls, argv[4], SSL_FILETYPE_PEM) != 1) return 1;
  }
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((unsigned short)atoi(argv[2]))};
  int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), yes = 1;
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  if (inet_pton(AF_INET, argv[1], &address.sin_addr) != 1 || bind(listener, (struct sockaddr *)&address, sizeof address) != 0 || listen(listener, 1024) != 0) {
    perror("endpoint");
    return 1;
  }
  puts("listening");
  fflush(stdout);
  for (;;) {
    int socket = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    if (socket < 0) continue;
    connections++;
    setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    struct peer *peer = calloc(1, sizeof *peer);
    pthread_t thread;
    if (peer == NULL) exit(1);
    peer->socket = socket;
    if (pthread_create(&thread, NULL, greet, peer) != 0) exit(1);
    pthread_detach(thread);
  }
}
