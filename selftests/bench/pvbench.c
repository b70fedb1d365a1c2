// SPDX-License-Identifier: GPL-2.0
/* pvbench - guest-visible OS microbenchmarks (categories of lmbench as used in
 * the Xen SOSP'03 paper, own code).  Static, needs only Linux syscalls.
 * Output:  PVB <tab> item <tab> median_ns <tab> min_ns <tab> max_ns <tab> iqr% <tab> n/sample <tab> samples
 * usage: pvbench [-g] [-w] [-t target_ms_per_sample] [-r samples] [-m only-prefix[,..]] [-x exclude-prefix[,..]]
 * -w: say on standard output when the samples of an item begin and end, and wait for a line on standard input
 *     each time, so that somebody outside can read counters:  PVBMARK <tab> begin|end <tab> item <tab> operations
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <time.h>
#include <sched.h>
#include <stdint.h>
#include <ucontext.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/ioctl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <arpa/inet.h>

#define DIRB "/tmp/pvb"
static int target_ms = 25, reps = 9;
static const char *match,*excl;
static uint64_t now(void){struct timespec t;clock_gettime(CLOCK_MONOTONIC,&t);return t.tv_sec*1000000000ull+t.tv_nsec;}
static void die(const char*m){fprintf(stdout,"PVBERR\t%s\t%s\n",m,strerror(errno));fflush(stdout);_exit(3);}
#define CK(x) do{ if((long)(x)<0) die(#x); }while(0)
/* sink to defeat the optimiser */
static volatile uint64_t sink;

/* a bench function runs n operations and returns elapsed ns */
typedef uint64_t (*bfn)(long n,long arg);
static int cmpd(const void*a,const void*b){double x=*(double*)a,y=*(double*)b;return x<y?-1:x>y;}

/* -w.  The marks are functions of a section of their own, at an address that nothing else has: an emulator can be told
 * to look at what runs between them. */
static int handshake;
__attribute__((noinline,section(".marks"))) void mark_begin(void){ __asm__ volatile("nop"); }
__attribute__((noinline,section(".marks"))) void mark_end(void){ __asm__ volatile("nop"); }
static void mark(const char*what,const char*name,double ops){ char c=0;
	if(!handshake) return;
	printf("PVBMARK\t%s\t%s\t%.0f\n",what,name,ops); fflush(stdout);
	while(c!='\n') if(read(0,&c,1)!=1) die("handshake"); }
static double last_med;
/* -g: host-noise gate.  A sentinel (pure user-mode integer loop, ~0.2 ms) brackets every sample; samples whose
 * sentinels are >25% slower than the best sentinel of this boot are dropped (up to 2R drops, then accepted). */
static int gate; static double sbest=1e18; static long dropped,kept;
static uint64_t b_int(long n,long a);
static double sent(void){ double v=(double)b_int(60,0)/60; if(v<sbest)sbest=v; return v; }
static void bench_sc(const char*name,bfn f,long arg,double scale,double sub)
{
	if(match){ char b[256];int ok=0;snprintf(b,sizeof b,"%s",match);
		for(char*p=strtok(b,",");p;p=strtok(0,",")) if(!strncmp(name,p,strlen(p))) ok=1;
		if(!ok) return; }
	if(excl){ char b[256];snprintf(b,sizeof b,"%s",excl); for(char*p=strtok(b,",");p;p=strtok(0,",")) if(!strncmp(name,p,strlen(p))) return; }
	uint64_t tgt=(uint64_t)target_ms*1000000ull,e=f(1,arg); long n=1;	/* first call: set-up, cold caches, TB translation */
	if(e<tgt*8) e=f(1,arg);
	for(;;){ if(e>=tgt/4||n>(1l<<30)) break;
		n= e<tgt/64? n*8: n*2; e=f(n,arg); }
	for(int k=0;k<2;k++){ double per=(double)e/n; long nn=(long)(tgt/per); if(nn<1)nn=1; if(nn<=n+n/4) {n=nn<n?nn:n;break;} n=nn; if(k==0) e=f(n,arg); }
	double per=(double)e/n;
	int R=reps; if((double)n*per>4.0*tgt) R=reps>5?5:reps; if((double)n*per>16.0*tgt) R=reps>3?3:reps;
	mark("begin",name,(double)n*R*scale); if(handshake) mark_begin();
	double v[64];
	double s0= gate? sent():0; int drop=0;
	for(int i=0;i<R;){ v[i]=(double)f(n,arg)/n/scale-sub; if(gate){ double s1=sent(); int bad= s0>1.25*sbest||s1>1.25*sbest; s0=s1; if(bad&&drop<2*R){drop++;dropped++;continue;} } kept++; i++; }
	if(handshake) mark_end();
	mark("end",name,(double)n*R*scale);
	qsort(v,R,sizeof v[0],cmpd);
	double med= R&1? v[R/2]:(v[R/2-1]+v[R/2])/2;
	double iqr= (v[(3*(R-1)+2)/4]-v[(R-1)/4])/(med?med:1)*100;
	printf("PVB\t%s\t%.2f\t%.2f\t%.2f\t%.2f\t%ld\t%d\n",name,med,v[0],v[R-1],iqr,n,R);
	fflush(stdout); last_med=med;
}
static void bench(const char*name,bfn f,long arg){bench_sc(name,f,arg,1,0);}

#define TIMED(...) uint64_t t0=now(); for(long i=0;i<n;i++){ __VA_ARGS__; } return now()-t0
/* ---------- pure CPU / memory ---------- */
static uint64_t b_int(long n,long a){ uint64_t x=88172645463325252ull,t0=now();
	for(long i=0;i<n;i++){ for(int k=0;k<1000;k++){ x^=x<<13;x^=x>>7;x^=x<<17; x=x*6364136223846793005ull+k; } }
	t0=now()-t0; sink=x; return t0; }
static uint64_t *mb1,*mb2; 
static __attribute__((noinline)) void copy64(uint64_t*d,const uint64_t*s,long w){
	for(long i=0;i<w;i+=8){ d[i]=s[i];d[i+1]=s[i+1];d[i+2]=s[i+2];d[i+3]=s[i+3];d[i+4]=s[i+4];d[i+5]=s[i+5];d[i+6]=s[i+6];d[i+7]=s[i+7]; __asm__ volatile(""::: "memory"); } }
/* 128 KB; src is 53 pages away from dst modulo the 256 entries of TCG's direct-mapped soft TLB, so no set conflicts */
static uint64_t b_memcpy(long n,long a){ TIMED(copy64(mb1,mb1+(53<<9),1<<14)); }
static uint64_t b_repmovs(long n,long a){ TIMED(void*d=mb1;const void*s=mb1+(53<<9);long c=1<<17; if(a) __asm__ volatile("rep movsb":"+D"(d),"+S"(s),"+c"(c)::"memory"); else {c>>=3;__asm__ volatile("rep movsq":"+D"(d),"+S"(s),"+c"(c)::"memory");}) ; }
/* touch one byte in each of `pages` already-mapped pages; per page */
static volatile char*tlbm;
static uint64_t b_tlb(long n,long pages){ uint64_t t0=now(); for(long i=0;i<n;i++) for(long p=0;p<pages;p++) (void)tlbm[p*4096+((p*64)&4095)]; return now()-t0; }
/* ---------- syscalls ---------- */
static uint64_t b_getppid(long n,long a){ TIMED(syscall(SYS_getppid)); }
static uint64_t b_gettime(long n,long a){ struct timespec ts; TIMED(clock_gettime(CLOCK_MONOTONIC,&ts)); }
static int fz,fn_;
static uint64_t b_readz(long n,long a){ char c; TIMED(CK(read(fz,&c,1))); }
static uint64_t b_writen(long n,long a){ char c=0; TIMED(CK(write(fn_,&c,1))); }
static uint64_t b_stat(long n,long a){ struct stat s; TIMED(CK(stat(DIRB "/x/y/f",&s))); }
static uint64_t b_fstat(long n,long a){ struct stat s; TIMED(CK(fstat(fz,&s))); }
static uint64_t b_open(long n,long a){ TIMED(int f=open(DIRB "/x/y/f",O_RDONLY); CK(f); close(f)); }
static uint64_t b_select(long n,long a){ /* n selects on 100 connected tcp fds, none ready */
	static int done,maxfd; static fd_set base;
	if(!done){ done=1; int l=socket(AF_INET,SOCK_STREAM,0);CK(l); struct sockaddr_in sa={.sin_family=AF_INET}; sa.sin_addr.s_addr=htonl(INADDR_LOOPBACK); socklen_t sl=sizeof sa;
		CK(bind(l,(void*)&sa,sl)); CK(listen(l,4)); CK(getsockname(l,(void*)&sa,&sl)); int c=socket(AF_INET,SOCK_STREAM,0); CK(connect(c,(void*)&sa,sl)); int s=accept(l,0,0); CK(s);
		FD_ZERO(&base); for(int i=0;i<100;i++){ int d=dup(c); CK(d); FD_SET(d,&base); if(d>maxfd)maxfd=d; fcntl(d,F_SETFD,FD_CLOEXEC);} }
	fd_set r; struct timeval tv;
	TIMED(r=base; tv.tv_sec=tv.tv_usec=0; CK(select(maxfd+1,&r,0,0,&tv))); }
static volatile long sigc; static void hsig(int s){sigc++;}
static uint64_t b_sigins(long n,long a){ struct sigaction sa={.sa_handler=hsig}; TIMED(CK(sigaction(SIGUSR2,&sa,0))); }
static uint64_t b_sighnd(long n,long a){ struct sigaction sa={.sa_handler=hsig}; sigaction(SIGUSR1,&sa,0); pid_t p=getpid(); TIMED(kill(p,SIGUSR1)); }
/* ---------- faults ---------- */
static void hsegv(int s,siginfo_t*si,void*uc){ ((ucontext_t*)uc)->uc_mcontext.gregs[REG_RIP]+=3; sigc++; }
static uint64_t b_prot(long n,long a){ struct sigaction sa={.sa_sigaction=hsegv,.sa_flags=SA_SIGINFO}; sigaction(SIGSEGV,&sa,0);
	static char*p; if(!p){p=mmap(0,4096,PROT_READ,MAP_PRIVATE|MAP_ANONYMOUS,-1,0); sink=*p;}
	uint64_t t0=now(); for(long i=0;i<n;i++) __asm__ volatile("movb $0,(%%rdi)"::"D"(p):"memory"); t0=now()-t0;
	signal(SIGSEGV,SIG_DFL); return t0; }
/* anonymous faults: op = one fresh page touched; mmap/munmap outside the clock */
static uint64_t b_anon(long n,long chunk){ uint64_t e=0; while(n>0){ long c=n<chunk?n:chunk; char*p=mmap(0,chunk*4096,PROT_READ|PROT_WRITE,MAP_PRIVATE|MAP_ANONYMOUS,-1,0); if(p==MAP_FAILED)die("mmap"); madvise(p,chunk*4096,MADV_NOHUGEPAGE);
	uint64_t t0=now(); for(long i=0;i<c;i++) *(volatile char*)(p+i*4096)=1; e+=now()-t0; munmap(p,chunk*4096); n-=c; } return e; }
/* anonymous life cycle: mmap + touch + munmap, op = one page */
static uint64_t b_anonlc(long n,long chunk){ uint64_t t0=now(); while(n>0){ long c=n<chunk?n:chunk; char*p=mmap(0,c*4096,PROT_READ|PROT_WRITE,MAP_PRIVATE|MAP_ANONYMOUS,-1,0); if(p==MAP_FAILED)die("mmap"); madvise(p,c*4096,MADV_NOHUGEPAGE);
	for(long i=0;i<c;i++) *(volatile char*)(p+i*4096)=1; munmap(p,c*4096); n-=c; } return now()-t0; }
static int ffile; /* 8 MB tmpfs file */
/* file fault: write fault on MAP_SHARED page-cache page (no fault-around); op = page */
static uint64_t b_ffault(long n,long chunk){ uint64_t e=0; while(n>0){ long c=n<chunk?n:chunk; char*p=mmap(0,chunk*4096,PROT_READ|PROT_WRITE,MAP_SHARED,ffile,0); if(p==MAP_FAILED)die("mmap");
	uint64_t t0=now(); for(long i=0;i<c;i++) *(volatile char*)(p+i*4096)=1; e+=now()-t0; munmap(p,chunk*4096); n-=c; } return e; }
/* mmap latency: map file of size a, read every page, unmap */
static uint64_t b_mmap(long n,long a){ TIMED(volatile char*p=mmap(0,a,PROT_READ,MAP_SHARED,ffile,0); if(p==MAP_FAILED)die("mmap"); for(long o=0;o<a;o+=4096)(void)p[o]; munmap((void*)p,a)); }
static uint64_t b_mprot(long n,long a){ static char*p; if(!p){p=mmap(0,a,PROT_READ|PROT_WRITE,MAP_PRIVATE|MAP_ANONYMOUS,-1,0); madvise(p,a,MADV_NOHUGEPAGE); memset(p,1,a);} 
	TIMED(mprotect(p,a,PROT_READ); mprotect(p,a,PROT_READ|PROT_WRITE)); }
/* ---------- processes ---------- */
static void reap(pid_t p){ int st; if(waitpid(p,&st,0)!=p) die("waitpid"); if(!WIFEXITED(st)||WEXITSTATUS(st)) {errno=ECHILD;die("child failed");} }
static uint64_t b_fork(long n,long a){ TIMED(pid_t p=fork(); if(!p)_exit(0); CK(p); reap(p)); }
static char tiny[]="/bin/pvtiny";
static uint64_t b_exec(long n,long a){ char*av[]={tiny,0},*ev[]={0}; TIMED(pid_t p=fork(); if(!p){execve(tiny,av,ev);_exit(9);} CK(p); reap(p)); }
static uint64_t b_sh(long n,long a){ char*av[]={"sh","-c",tiny,0},*ev[]={"PATH=/bin",0}; TIMED(pid_t p=fork(); if(!p){execve("/bin/sh",av,ev);_exit(9);} CK(p); reap(p)); }
/* script run: op = one script */
static char*script[4];
static uint64_t b_script(long n,long a){ char*av[]={"sh",script[a],0},*ev[]={"PATH=/bin",0}; TIMED(pid_t p=fork(); if(!p){int f=open("/dev/null",O_RDWR);dup2(f,1);execve("/bin/sh",av,ev);_exit(9);} CK(p); reap(p)); }
/* ---------- context switch: ring of np processes, each sums sz KB ---------- */
static uint64_t sumbuf(uint64_t*b,long bytes){ uint64_t s=0; for(long i=0;i<bytes/8;i+=4) s+=b[i]+b[i+1]+b[i+2]+b[i+3]; return s; }
static uint64_t b_ctx(long n,long arg){ int np=arg>>16; long bytes=(arg&0xffff)*1024; int pp[32][2]; pid_t pid[32]; char t=1;
	for(int i=0;i<np;i++) CK(pipe(pp[i]));
	uint64_t*buf= bytes? mmap(0,bytes,PROT_READ|PROT_WRITE,MAP_PRIVATE|MAP_ANONYMOUS,-1,0):0;
	for(int i=1;i<np;i++){ pid[i]=fork(); CK(pid[i]); if(!pid[i]){ /* read from pp[i-1], write to pp[i] */
		for(int k=0;k<np;k++){ if(k!=i-1)close(pp[k][0]); if(k!=i)close(pp[k][1]); }
		if(bytes) memset(buf,i,bytes);
		for(;;){ if(read(pp[i-1][0],&t,1)!=1)_exit(0); if(bytes)sink=sumbuf(buf,bytes); if(write(pp[i][1],&t,1)!=1)_exit(0); } } }
	if(bytes) memset(buf,1,bytes);
	/* parent: writes pp[0], reads pp[np-1] */
	for(int k=0;k<np;k++){ if(k!=np-1)close(pp[k][0]); if(k!=0)close(pp[k][1]); }
	for(int w=0;w<2;w++){ CK(write(pp[0][1],&t,1)); CK(read(pp[np-1][0],&t,1)); }
	uint64_t t0=now();
	for(long i=0;i<n;i++){ if(write(pp[0][1],&t,1)!=1)die("ctxw"); if(read(pp[np-1][0],&t,1)!=1)die("ctxr"); if(bytes)sink=sumbuf(buf,bytes); }
	t0=now()-t0;
	close(pp[0][1]); for(int i=1;i<np;i++) waitpid(pid[i],0,0); close(pp[np-1][0]); if(bytes)munmap(buf,bytes);
	return t0; }
/* overhead of the above w/o switches: one process, one pipe, read+write+sum */
static uint64_t b_ctxov(long n,long arg){ long bytes=(arg&0xffff)*1024; int p[2]; char t=1; CK(pipe(p)); uint64_t*buf=0; if(bytes){buf=mmap(0,bytes,PROT_READ|PROT_WRITE,MAP_PRIVATE|MAP_ANONYMOUS,-1,0);memset(buf,1,bytes);} 
	uint64_t t0=now(); for(long i=0;i<n;i++){ if(write(p[1],&t,1)!=1)die("w"); if(read(p[0],&t,1)!=1)die("r"); if(bytes)sink=sumbuf(buf,bytes); } t0=now()-t0; close(p[0]);close(p[1]); if(bytes)munmap(buf,bytes); return t0; }
/* same ring of 2 but the second task is a thread (same mm: no CR3 write) */
static int tp[2][2]; static int thr(void*x){ char t; for(;;){ if(read(tp[0][0],&t,1)!=1) break; if(t==2) break; if(write(tp[1][1],&t,1)!=1) break; } syscall(SYS_exit,0); return 0; }
static char tstack[65536] __attribute__((aligned(64)));
static uint64_t b_ctxthr(long n,long arg){ char t=1; CK(pipe(tp[0]));CK(pipe(tp[1])); int tid=clone(thr,tstack+sizeof tstack-64,CLONE_VM|CLONE_FS|CLONE_FILES|SIGCHLD,0); CK(tid);
	CK(write(tp[0][1],&t,1)); CK(read(tp[1][0],&t,1));
	uint64_t t0=now(); for(long i=0;i<n;i++){ if(write(tp[0][1],&t,1)!=1)die("w"); if(read(tp[1][0],&t,1)!=1)die("r"); } t0=now()-t0;
	t=2; CK(write(tp[0][1],&t,1)); waitpid(tid,0,0); for(int i=0;i<2;i++){close(tp[i][0]);close(tp[i][1]);} return t0; }
/* ---------- IPC ---------- */
static void mkpair(int kind,int*r,int*w){ int f[2];
	if(kind==0){CK(pipe(f));*r=f[0];*w=f[1];}
	else if(kind==1){CK(socketpair(AF_UNIX,SOCK_STREAM,0,f));*r=f[0];*w=f[1];}
	else { int l=socket(AF_INET,SOCK_STREAM,0); struct sockaddr_in sa={.sin_family=AF_INET}; sa.sin_addr.s_addr=htonl(INADDR_LOOPBACK); socklen_t sl=sizeof sa; int one=1;
		CK(bind(l,(void*)&sa,sl));CK(listen(l,4));CK(getsockname(l,(void*)&sa,&sl)); *w=socket(AF_INET,SOCK_STREAM,0);CK(connect(*w,(void*)&sa,sl)); *r=accept(l,0,0);CK(*r);close(l);
		setsockopt(*w,IPPROTO_TCP,TCP_NODELAY,&one,sizeof one);setsockopt(*r,IPPROTO_TCP,TCP_NODELAY,&one,sizeof one);} }
/* bandwidth: child writes, parent reads; op = 64 KB */
static uint64_t b_bw(long n,long kind){ int r,w; char*buf=(char*)mb1; mkpair(kind,&r,&w); 
	pid_t p=fork(); CK(p); if(!p){ close(r); char g; (void)g; for(;;){ if(write(w,buf,65536)<=0)_exit(0);} }
	close(w); long want=65536,got=0; while(got<want){long k=read(r,buf,65536);CK(k);if(!k)die("eof");got+=k;}
	uint64_t t0=now(); got=0; want=n*65536; while(got<want){ long k=read(r,buf,65536); if(k<=0)die("bw read"); got+=k; } t0=now()-t0;
	uint64_t el=(uint64_t)((double)t0*(double)want/(double)got); kill(p,SIGKILL); waitpid(p,0,0); close(r); return el; }
/* latency: 1 byte ping-pong; op = round trip */
static uint64_t b_lat(long n,long kind){ int r,w; mkpair(kind,&r,&w); char t=1; pid_t p=fork(); CK(p); if(!p){ close(w); for(;;){ if(read(r,&t,1)!=1)_exit(0); if(write(r,&t,1)!=1)_exit(0);} }
	close(r); CK(write(w,&t,1));CK(read(w,&t,1)); uint64_t t0=now(); for(long i=0;i<n;i++){ if(write(w,&t,1)!=1)die("w"); if(read(w,&t,1)!=1)die("r"); } t0=now()-t0; close(w); waitpid(p,0,0); return t0; }
/* tcp connection set-up and tear-down with accepting child */
static uint64_t b_conn(long n,long a){ int l=socket(AF_INET,SOCK_STREAM,0); struct sockaddr_in sa={.sin_family=AF_INET}; sa.sin_addr.s_addr=htonl(INADDR_LOOPBACK); socklen_t sl=sizeof sa; CK(bind(l,(void*)&sa,sl));CK(listen(l,128));CK(getsockname(l,(void*)&sa,&sl));
	pid_t p=fork(); CK(p); if(!p){ for(;;){ int c=accept(l,0,0); char b; if(c<0)_exit(0); if(read(c,&b,1)==1) (void)!write(c,&b,1); close(c);} }
	struct linger lg={1,0}; uint64_t t0=now(); for(long i=0;i<n;i++){ int c=socket(AF_INET,SOCK_STREAM,0); char b=1; if(connect(c,(void*)&sa,sl)<0)die("connect"); if(write(c,&b,1)!=1||read(c,&b,1)!=1)die("conn io"); setsockopt(c,SOL_SOCKET,SO_LINGER,&lg,sizeof lg); close(c);} t0=now()-t0; kill(p,SIGKILL);waitpid(p,0,0);close(l);return t0; }
/* ---------- files ---------- */
static uint64_t b_create(long n,long sz){ char nm[64]; uint64_t t0=now(); for(long i=0;i<n;i++){ snprintf(nm,sizeof nm,DIRB "/c%ld",i&63); int f=open(nm,O_CREAT|O_RDWR|O_TRUNC,0600); CK(f); if(sz) CK(write(f,mb2,sz)); close(f); unlink(nm);} return now()-t0; }
static uint64_t b_fread(long n,long sz){ uint64_t t0=now(); for(long i=0;i<n;i++) CK(pread(ffile,mb1,sz,(i*sz)&((8<<20)-1))); return now()-t0; }
/* CPUID = an unconditional VM exit under SVM/VT-x: world-switch round trip */
static uint64_t b_cpuid(long n,long a){ TIMED(unsigned x=0,b,c,d; __asm__ volatile("cpuid":"+a"(x),"=b"(b),"=c"(c),"=d"(d))); }
static uint64_t b_rdtsc(long n,long a){ TIMED(unsigned x,d; __asm__ volatile("rdtsc":"=a"(x),"=d"(d))); }
/* ---------- timer ---------- */
static uint64_t b_sleep(long n,long ns){ struct timespec ts={0,ns}; TIMED(nanosleep(&ts,0)); }
static uint64_t b_yield(long n,long a){ TIMED(sched_yield()); }

static void put(const char*p,const char*s){int f=open(p,O_CREAT|O_TRUNC|O_WRONLY,0755);CK(f);CK(write(f,s,strlen(s)));close(f);}
int main(int ac,char**av)
{
	int c; while((c=getopt(ac,av,"gwt:r:m:x:"))>0) switch(c){case 't':target_ms=atoi(optarg);break;case 'r':reps=atoi(optarg);if(reps>64)reps=64;break;case 'm':match=optarg;break;case 'x':excl=optarg;break;case 'g':gate=1;break;case 'w':handshake=1;break;}
	setvbuf(stdout,0,_IOLBF,4096);
	signal(SIGPIPE,SIG_IGN);
	{ int s=socket(AF_INET,SOCK_DGRAM,0); struct ifreq r; memset(&r,0,sizeof r); strcpy(r.ifr_name,"lo"); if(s>=0){ r.ifr_flags=IFF_UP|IFF_RUNNING; ioctl(s,SIOCSIFFLAGS,&r); close(s);} }
	mkdir(DIRB,0755);mkdir(DIRB "/x",0755);mkdir(DIRB "/x/y",0755); put(DIRB "/x/y/f","hello\n");
	mb1=mmap(0,1<<20,PROT_READ|PROT_WRITE,MAP_PRIVATE|MAP_ANONYMOUS,-1,0); mb2=mmap(0,1<<20,PROT_READ|PROT_WRITE,MAP_PRIVATE|MAP_ANONYMOUS,-1,0); madvise(mb1,1<<20,MADV_NOHUGEPAGE);madvise(mb2,1<<20,MADV_NOHUGEPAGE);
	memset(mb1,1,1<<20);memset(mb2,2,1<<20);
	fz=open("/dev/zero",O_RDONLY);CK(fz);fn_=open("/dev/null",O_WRONLY);CK(fn_);
	ffile=open(DIRB "/big",O_CREAT|O_RDWR|O_TRUNC,0600);CK(ffile); for(int i=0;i<8;i++)CK(write(ffile,mb2,1<<20));
	/* inputs for the macro scripts */
	{ int f=open(DIRB "/src.txt",O_CREAT|O_TRUNC|O_WRONLY,0644); uint64_t x=12345; char b[128]; for(int i=0;i<400;i++){ x=x*6364136223846793005ull+1442695040888963407ull; int k=snprintf(b,sizeof b,"int f%d(int a) { return a * %u + %u; } /* line %d */\n",i,(unsigned)(x>>40),(unsigned)(x>>50),i); CK(write(f,b,k)); } close(f); }
	script[0]=DIRB "/s0.sh"; /* compile-like: 20 pipelines/filters of small programs */
	put(script[0],"cd " DIRB "\nB=/bin/busybox\nfor i in 1 2 3 4; do\n$B awk -v n=$i 'NR%4==n%4{gsub(/return/,\"RET\");print}' src.txt >o$i.c\n$B sha256sum <o$i.c >o$i.h\n$B gzip -c o$i.c >o$i.gz\n$B sed -e 's/int/long/g' o$i.c >o$i.s\n$B grep -c RET o$i.c >o$i.n\ndone\n$B cat o1.s o2.s o3.s o4.s | $B sort | $B md5sum >out\n$B rm -f o?.* out\n");
	script[1]=DIRB "/s1.sh"; /* process-heavy: 40 spawns of a trivial program */
	put(script[1],"i=0\nwhile [ $i -lt 40 ]; do /bin/pvtiny; i=$((i+1)); done\n");
	script[2]=DIRB "/s2.sh"; /* file-tree: create, walk, tar, delete */
	put(script[2],"cd " DIRB "\nB=/bin/busybox\n$B mkdir -p t/a t/b t/c\ni=0\nwhile [ $i -lt 60 ]; do echo data $i >t/a/f$i; echo x$i >t/b/g$i; i=$((i+1)); done\n$B find t -type f | $B wc -l\n$B tar cf t.tar t\n$B cp -r t/a t/c/\n$B du t\n$B rm -rf t t.tar\n");

	printf("PVB_START\t%llu\n",(unsigned long long)now()); 
	if(gate) for(int i=0;i<40;i++) sent();
	/* what the marks themselves cost */
	mark("begin","nothing",1); if(handshake){mark_begin();mark_end();} mark("end","nothing",1);
	bench_sc("cpu_int",b_int,0,1000,0);
	bench("memcpy_128k",b_memcpy,0);
	bench("repmovsb_128k",b_repmovs,1);
	bench("repmovsq_128k",b_repmovs,0);
	tlbm=mmap(0,4096*4096,PROT_READ|PROT_WRITE,MAP_PRIVATE|MAP_ANONYMOUS,-1,0); madvise((void*)tlbm,4096*4096,MADV_NOHUGEPAGE); for(int i=0;i<4096;i++)tlbm[i*4096]=1;
	bench_sc("tlb_touch_32p",b_tlb,32,32,0);
	bench_sc("tlb_touch_4096p",b_tlb,4096,4096,0);
	munmap((void*)tlbm,4096*4096);
	bench("gettime",b_gettime,0);
	bench("null_syscall",b_getppid,0);
	bench("null_read",b_readz,0);
	bench("null_write",b_writen,0);
	bench("fstat",b_fstat,0);
	bench("stat",b_stat,0);
	bench("open_close",b_open,0);
	bench("select_100tcp",b_select,0);
	bench("sig_install",b_sigins,0);
	bench("sig_handle",b_sighnd,0);
	bench("prot_fault",b_prot,0);
	bench("anon_fault",b_anon,1024);
	bench("anon_lifecycle",b_anonlc,1024);
	bench("file_fault",b_ffault,2048);
	bench("mmap_1m",b_mmap,1<<20);
	bench("mmap_8m",b_mmap,8<<20);
	bench("mprotect_1m",b_mprot,1<<20);
	bench("fork_exit",b_fork,0);
	bench("fork_exec",b_exec,0);
	bench("fork_sh",b_sh,0);
	bench_sc("ctxthr_2t_0k",b_ctxthr,0,2,0);
	static const struct{int np,kb;}cx[]={{2,0},{2,16},{8,16},{16,16},{2,64},{8,64},{16,64}};
	double ov[3]={0};
	static const int ok[3]={0,16,64};
	for(int i=0;i<3;i++){ char b[64]; snprintf(b,sizeof b,"ctxov_%dk",ok[i]); last_med=0; bench(b,b_ctxov,(1<<16)|ok[i]); ov[i]=last_med; }
	for(unsigned i=0;i<sizeof cx/sizeof*cx;i++){ char b[64]; snprintf(b,sizeof b,"ctx_%dp_%dk",cx[i].np,cx[i].kb); last_med=0; bench_sc(b,b_ctx,((long)cx[i].np<<16)|cx[i].kb,cx[i].np,0);
		if(last_med) { double o=ov[cx[i].kb==0?0:cx[i].kb==16?1:2]; printf("PVBNET\t%s\t%.2f\n",b,last_med-o); } }
	bench("yield",b_yield,0);
	bench("unix_lat",b_lat,1); /* AF_UNIX latency */
	bench("tcp_lat",b_lat,2);
	bench("tcp_conn",b_conn,0);
	bench("bw_pipe_64k",b_bw,0);
	bench("bw_unix_64k",b_bw,1);
	bench("bw_tcp_64k",b_bw,2);
	bench("file_reread_64k",b_fread,65536);
	bench("file_create_0k",b_create,0);
	bench("file_create_10k",b_create,10240);
	bench("sleep_100us",b_sleep,100000);
	bench("macro_compile",b_script,0);
	bench("macro_spawn40",b_script,1);
	bench("macro_filetree",b_script,2);
	bench("cpuid",b_cpuid,0);
	bench("rdtsc",b_rdtsc,0);
	if(gate) printf("PVB_GATE\tbest_ns_per_iter=%.3f\tkept=%ld\tdropped=%ld\n",sbest/1000,kept,dropped);
	printf("PVB_END\t%llu\n",(unsigned long long)now());
	return 0;
}
