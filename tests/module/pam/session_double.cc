// Stands at the session command's place: says how it was called.
#include <stdio.h>

int main(int argc, char** argv) {
  printf("session");
  for (int i = 0; i < argc; ++i) printf(" [%s]", argv[i]);
  printf("\n");
  return 0;
}
