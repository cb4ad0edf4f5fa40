(()=>{var o=document.documentElement;for(let t of["theme","updown","rail"])try{let e=localStorage.getItem(`cw-${t}`);e&&(o.dataset[t]=e)}catch{}})();
