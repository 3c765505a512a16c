#!/usr/bin/env python3
"""saga_model.py - a second opinion on the saga: one order, written from its specification alone, in
another language than the machines and without a look at them. explore_agrees.py compares its states
with those that sim/explore.c finds with the machines that are shipped.

Adversary: any interleaving of three services, arbitrary reordering inside every log, D duplicate
deliveries, client cancel and deadline at any moment, out-of-stock, decline, capture refusal,
authorisation expiry, lost replies, lost requests, provider requests applied late, payments crash.
Usage: [BIG=1] saga_model.py [mutant|ALL|STATES]      exit 0 = all properties hold
STATES prints every state, a line each, in words that one_order_check.c prints too.
Mutants (each must be caught): inv_ttl orders_decides final_not_sticky no_tombstone_pay no_tombstone_inv
cancel_during_capture no_latch no_release no_cancel_on_decline fail_on_refusal assume_failed
ALL runs the specification and every mutant.
"""
import os,sys
BIG=bool(os.environ.get('BIG'))
STATES=sys.argv[1:]==['STATES']
MUT=sys.argv[1] if len(sys.argv)>1 and not STATES else ''
DUPS=2 if BIG else 1      # duplicate deliveries per run
NET=3 if BIG else 2       # provider requests that may float in the network at once
CRASHES=2 if BIG else 1
# order
O_OPEN,O_CONF,O_FAIL,O_CANC=range(4)
# payment
P_NONE,P_AUTHING,P_AUTHD,P_CAPTG,P_ABORT,P_CAPT,P_DECL,P_VOID,P_CFAIL=range(9)
# reservation
R_NONE,R_HELD,R_COMM,R_REL,R_REJ=range(5)
# provider object
V_CREATED,V_HELD,V_CAPT,V_CANC,V_DECL=range(5)
# ops
OP_NONE,OP_A,OP_C,OP_V=range(4)
ST_IDLE,ST_PLAN,ST_FLY,ST_UNK=range(4)
# events (orders log / payments log / inventory log) are small ints
OC,OXC,OXD,OCF,OCA,OXR='OC','OXc','OXd','OCF','OCA','OXR'
PA,PD,PVs,PVx,PCF,PC='PA','PD','PVs','PVx','PCF','PC'   # PVs: out of stock, PVx: cancel/deadline
IR,IF='IR','IF'
# state: (o,oxreq,ol, p,pl,op,ost,sentC, r,il, v,net, seenP_o,seenP_i,seenI_p,seenO_i, dups,crashes)
INIT=(O_OPEN,0,(OC,), P_NONE,(),OP_NONE,ST_IDLE,0, R_NONE,(), V_CREATED,(), 0,0,0,0, DUPS,CRASHES)
VERD=(PD,PVs,PVx,PCF,PC); FIN=(OCF,OCA)

def succ(s):
    (o,ox,ol,p,pl,op,ost,sc,r,il,v,net,sPo,sPi,sIp,sIo,du,cr)=s
    out=[]
    def S(**k):
        d=dict(o=o,ox=ox,ol=ol,p=p,pl=pl,op=op,ost=ost,sc=sc,r=r,il=il,v=v,net=net,sPo=sPo,sPi=sPi,sIp=sIp,sIo=sIo,du=du,cr=cr)
        d.update(k)
        out.append((k.get('_l','?'),tuple(d[x] for x in('o','ox','ol','p','pl','op','ost','sc','r','il','v','net','sPo','sPi','sIp','sIo','du','cr'))))
    # ---- environment: cancel, deadline (only requests)
    if o==O_OPEN and not ox:
        S(ox=1,ol=ol+(OXC,),_l='client-cancel'); S(ox=1,ol=ol+(OXD,),_l='deadline')
    if MUT=='inv_ttl' and r==R_HELD: S(r=R_REL,_l='inventory TTL')
    if MUT=='orders_decides' and o==O_OPEN: S(o=O_FAIL,ol=ol+(OCA,),_l='orders fails order by itself')
    # ---- orders consumes payments log
    for i,e in enumerate(pl):
        b=1<<i
        if not sPo&b or du:
            k=dict(_l='orders<-'+e,sPo=sPo|b,du=du-(1 if sPo&b else 0))
            if o==O_OPEN or MUT=='final_not_sticky':
                if e==PC:
                    k.update(o=O_CONF,ol=ol+(OCF,)+((OXR,) if OXC in ol else ()))
                elif e in(PD,PVs,PCF): k.update(o=O_FAIL,ol=ol+(OCA,))
                elif e==PVx: k.update(o=O_CANC if OXC in ol else O_FAIL,ol=ol+(OCA,))
            S(**k)
    # ---- payments consumes orders log
    def latch_void(k,ev):
        k.update(p=P_VOID,pl=pl+(ev,))
        if op==OP_NONE or ost==ST_PLAN: k.update(op=OP_V,ost=ST_PLAN)   # else wait for the op in flight
    for i,e in enumerate(ol):
        if e not in(OC,OXC,OXD): continue
        b=1<<i
        if not sPi&b or du:     # sPi reused: payments' seen mask over orders log
            k=dict(_l='pay<-'+e,sPi=sPi|b,du=du-(1 if sPi&b else 0))
            if e==OC:
                if p==P_NONE: k.update(p=P_AUTHING,op=OP_A,ost=ST_PLAN)
            else:
                if p==P_NONE:
                    if MUT!='no_tombstone_pay': k.update(p=P_VOID,pl=pl+(PVx,),op=OP_V,ost=ST_PLAN)
                elif p in(P_AUTHING,P_AUTHD): latch_void(k,PVx)
                elif p==P_CAPTG and MUT=='cancel_during_capture': latch_void(k,PVx)
            S(**k)
    # ---- payments consumes inventory log
    for i,e in enumerate(il):
        b=1<<i
        if not sIp&b or du:
            k=dict(_l='pay<-'+e,sIp=sIp|b,du=du-(1 if sIp&b else 0))
            if e==IR:
                if p==P_AUTHD: k.update(p=P_CAPTG,op=OP_C,ost=ST_PLAN)
                elif p==P_VOID and MUT=='no_latch' and op==OP_NONE: k.update(p=P_CAPTG,op=OP_C,ost=ST_PLAN)
            elif e==IF and p==P_AUTHD: latch_void(k,PVs)
            S(**k)
    # ---- inventory consumes payments log (mask sIo)
    for i,e in enumerate(pl):
        b=1<<i
        if not sIo&b or du:
            k=dict(_l='inv<-'+e,sIo=sIo|b,du=du-(1 if sIo&b else 0))
            if e==PA:
                if r==R_NONE:
                    k2=dict(k); k2.update(r=R_REJ,il=il+(IF,)); S(**k2)
                    k.update(r=R_HELD,il=il+(IR,))
            elif e==PC:
                if r==R_HELD: k.update(r=R_COMM)
            else:
                if r==R_HELD:
                    if MUT!='no_release': k.update(r=R_REL)
                elif r==R_NONE:
                    if MUT!='no_tombstone_inv': k.update(r=R_REL)
            S(**k)
    # ---- payments worker: send
    if ost==ST_PLAN and len(net)<NET:
        S(ost=ST_FLY,net=net+(op,),sc=1 if op==OP_C else sc,_l='send%d'%op)
    # ---- crash of payments: in-flight becomes unknown
    if cr and ost==ST_FLY: S(ost=ST_UNK,cr=cr-1,_l='crash')
    # ---- outcome handling
    def resolved(kind,res,k):
        """kind resolved with res in ok,no(definitive refusal),capt,canc"""
        if kind==OP_A:
            if p==P_AUTHING:
                if res=='ok': k.update(p=P_AUTHD,pl=pl+(PA,),op=OP_NONE,ost=ST_IDLE)
                else: k.update(p=P_DECL,pl=pl+(PD,),op=OP_V,ost=ST_PLAN)
                if MUT=='no_cancel_on_decline' and res!='ok': k.update(op=OP_NONE,ost=ST_IDLE)
            else: k.update(op=OP_V,ost=ST_PLAN)      # VOID was latched meanwhile
        elif kind==OP_C:
            if p!=P_CAPTG: k.update(op=OP_NONE,ost=ST_IDLE)
            elif res=='ok': k.update(p=P_CAPT,pl=pl+(PC,),op=OP_NONE,ost=ST_IDLE)
            elif res=='canc': k.update(p=P_CFAIL,pl=pl+(PCF,),op=OP_NONE,ost=ST_IDLE)
            elif MUT=='fail_on_refusal': k.update(p=P_CFAIL,pl=pl+(PCF,),op=OP_V,ost=ST_PLAN)
            else: k.update(p=P_ABORT,op=OP_V,ost=ST_PLAN)
        elif kind==OP_V:
            if res=='ok':
                if p==P_ABORT: k.update(p=P_CFAIL,pl=pl+(PCF,))
                k.update(op=OP_NONE,ost=ST_IDLE)
            else:                                    # captured
                if p==P_ABORT: k.update(p=P_CAPT,pl=pl+(PC,))
                k.update(op=OP_NONE,ost=ST_IDLE)
        return k
    # ---- provider applies some floating request
    for j,q in enumerate(net):
        rest=net[:j]+net[j+1:]
        mine=(ost==ST_FLY and q==op)
        effs=[]
        if q==OP_A:
            if v==V_CREATED: effs=[(V_HELD,'ok'),(V_DECL,'no')]
            elif v==V_DECL: effs=[(V_HELD,'ok'),(V_DECL,'no')]   # a late second attempt may be approved
            elif v==V_HELD: effs=[(V_HELD,'ok')]
            elif v==V_CAPT: effs=[(V_CAPT,'ok')]
            else: effs=[(v,'no')]
        elif q==OP_C:
            if v==V_HELD: effs=[(V_CAPT,'ok'),(V_HELD,'no')]
            elif v==V_CAPT: effs=[(V_CAPT,'ok')]     # "already captured" + GET = success
            elif v==V_CANC: effs=[(v,'canc')]
            else: effs=[(v,'no')]
        else:
            if v==V_CAPT: effs=[(V_CAPT,'capt')]
            else: effs=[(V_CANC,'ok')]
        for nv,res in effs:
            if mine:
                S(**resolved(q,res,dict(v=nv,net=rest,_l='apply+reply%d:%s'%(q,res))))
                S(v=nv,net=rest,ost=ST_UNK,_l='apply, reply lost %d'%q)
            else:
                S(v=nv,net=rest,_l='late apply%d'%q)
        if mine:
            S(net=rest,ost=ST_UNK,_l='request lost%d'%q)
            S(ost=ST_UNK,_l='timeout, request still floating%d'%q)
        else: S(net=rest,_l='floating request lost%d'%q)
    # ---- recovery by query (GET on the handle)
    if ost==ST_UNK:
        if MUT=='assume_failed' and op==OP_C:
            S(p=P_CFAIL,pl=pl+(PCF,),op=OP_V,ost=ST_PLAN,_l='assume failed')
        if op==OP_A:
            if v==V_CREATED:
                if p==P_AUTHING: S(ost=ST_PLAN,_l='get:created->retry')
                else: S(op=OP_V,ost=ST_PLAN,_l='get:created->void')
            elif v==V_HELD or v==V_CAPT: S(**resolved(OP_A,'ok',dict(_l='get:held')))
            else: S(**resolved(OP_A,'no',dict(_l='get:declined')))
        elif op==OP_C:
            if v==V_CAPT: S(**resolved(OP_C,'ok',dict(_l='get:captured')))
            elif v==V_CANC: S(**resolved(OP_C,'canc',dict(_l='get:cancelled')))
            else: S(ost=ST_PLAN,_l='get:held->retry')
        elif op==OP_V:
            if v==V_CANC: S(**resolved(OP_V,'ok',dict(_l='get:cancelled')))
            elif v==V_CAPT: S(**resolved(OP_V,'capt',dict(_l='get:captured')))
            else: S(ost=ST_PLAN,_l='get->retry void')
    # ---- authorisation expires at the provider
    if v==V_HELD: S(v=V_CANC,_l='auth expired')
    return out

def bad(s):
    (o,ox,ol,p,pl,op,ost,sc,r,il,v,net,sPo,sPi,*_)=s
    if p in(P_AUTHING,P_AUTHD) and any(e in(OXC,OXD) and sPi>>i&1 for i,e in enumerate(ol)): return 'cancel lost'
    if sum(e in VERD for e in pl)>1: return 'two verdicts'
    if sum(e in FIN for e in ol)>1: return 'two final events'
    if v==V_CAPT and p in(P_VOID,P_DECL,P_CFAIL): return 'captured with negative verdict'
    if v==V_CAPT and r in(R_REL,R_REJ): return 'captured without stock'
    if p==P_CAPT and r not in(R_HELD,R_COMM): return 'captured, stock not held'
    if o==O_CONF and v!=V_CAPT: return 'confirmed, not captured'
    if o in(O_FAIL,O_CANC) and v==V_CAPT: return 'failed order with captured money'
    if p==P_CAPTG and r not in(R_HELD,): return 'capturing without a held reservation'
    return None
def settled(s):
    (o,ox,ol,p,pl,op,ost,sc,r,il,v,net,*_)=s
    if o==O_CONF: return p==P_CAPT and r==R_COMM and v==V_CAPT and ost==ST_IDLE
    if o in(O_FAIL,O_CANC):
        return p in(P_DECL,P_VOID,P_CFAIL) and r in(R_REL,R_REJ) and v==V_CANC and ost==ST_IDLE
    return False

def words(s):
    (o,ox,ol,p,pl,op,ost,sc,r,il,v,net,sPo,sPi,sIp,sIo,du,cr)=s
    log=lambda events: ''.join(e+',' for e in events)
    return ' '.join(str(x) for x in (
        ('OPEN','CONFIRMED','FAILED','CANCELLED')[o],ox,log(ol),
        ('NONE','AUTHORIZING','AUTHORIZED','CAPTURING','ABORTING','CAPTURED','DECLINED','VOIDED','CAPTURE_FAILED')[p],
        log(pl),'-ACV'[op]+'-PFU'[ost],sc,('NONE','HELD','COMMITTED','RELEASED','REJECTED')[r],log(il),
        ('CREATED','HELD','CAPTURED','CANCELLED','DECLINED')[v],''.join('-ACV'[q] for q in net),
        sPo,sPi,sIp,sIo,du,cr))
def main():
    seen={INIT:None}; lab={}; fr=[INIT]; pred={}; ntr=0; LIM=3000000
    while fr:
        nx=[]
        for s in fr:
            for l,t in succ(s):
                ntr+=1
                if t==s: continue
                pred.setdefault(t,[]).append(s)
                if t in seen: continue
                seen[t]=s; lab[t]=l
                b=bad(t)
                if b:
                    tr=[]; x=t
                    while seen[x] is not None: tr.append(lab[x]); x=seen[x]
                    print('VIOLATION [%s] %s: %s'%(MUT or 'spec',b,' ; '.join(reversed(tr)))); return 1
                nx.append(t)
        fr=nx
        if len(seen)>LIM: print('limit'); return 2
    good=[s for s in seen if settled(s)]
    for x in good:                      # a settled state stays settled
        for l,t in succ(x):
            if not settled(t): print('UNSTABLE [%s] settled state left by %s'%(MUT or 'spec',l)); return 1
    can=set(good); st=list(good)
    while st:
        x=st.pop()
        for y in pred.get(x,()):
            if y not in can: can.add(y); st.append(y)
    stuck=[s for s in seen if s not in can]
    if stuck:
        x=stuck[0]; tr=[]
        while seen[x] is not None: tr.append(lab[x]); x=seen[x]
        print('STUCK [%s] %d of %d states cannot reach a settled state, e.g.: %s'%(MUT or 'spec',len(stuck),len(seen),' ; '.join(reversed(tr)))); return 1
    if STATES:
        for x in seen: print(words(x))
        return 0
    print('OK [%s] states=%d transitions=%d settled=%d (from every state a settled state is reachable)'%(MUT or 'spec',len(seen),ntr,len(good)))
    return 0
if __name__=='__main__':
    if MUT=='ALL':
        import subprocess
        ms=['inv_ttl','orders_decides','final_not_sticky','no_tombstone_pay','no_tombstone_inv','cancel_during_capture',
            'no_latch','no_release','no_cancel_on_decline','fail_on_refusal','assume_failed']
        rc=subprocess.call([sys.executable,__file__]); k=0
        for m in ms: k+=subprocess.call([sys.executable,__file__,m])!=0
        print('mutants caught: %d of %d'%(k,len(ms))); sys.exit(rc or k!=len(ms))
    sys.exit(main())
